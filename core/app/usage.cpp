// The text of -h.
#include "app/usage.hpp"

namespace t2 {

const std::string_view usage = R"(Usage: t2 (-r FILE... | -R LIST | -D SERIES | -i INTERFACE) [OPTION...] [FILTER]

Input:
  -r, --pcap FILE...         read pcap or pcapng files, also compressed (gz, bz2, xz, zst, lz4); a folder: the captures in it;
                             '-': standard input. Several are one capture, in the order of their first packets
  -R, --pcap-list LIST       read the files that LIST names, one a line, as one capture, in this order; '-': standard input
  -D, --input-regex SERIES   read numbered files: NAME[:C][,STOP], the number stands behind the last character C ('p')
  -i, --interface NAME       capture live; repeatable: several interfaces are one capture; any: all of them
      --each                 each file is a capture of its own, with an output of its own: beside it, or in the folder of -w;
                             goes on where it was interrupted
  -j, --jobs N               --each: processes (default: one for each processor)
Output:
  -w, --output-prefix PREFIX files begin with PREFIX; a directory: with the input's name in it;
                             '-': flows to standard output (default: the input's name)
  -W, --output-regex SPLIT   like -w, in parts, numbered from START: PREFIX[:LIMIT]...[,START]; a part ends with the first
                             LIMIT: bytes (K, M, G), flows (f, Kf, ...), or time (s, min, h, d; full ones since 1970)
      --list-inputs          no analysis: print the files of -r in the order in which they are read
      --extract FLOWS        no analysis: write the packets of these flows to the capture PREFIX. FLOWS: 'flowInd in (17, 42, 50-60)',
                             'flowInd in (@FILE)'; with the plugins and options of the run that numbered the flows
      --anonymise KEY        pseudonyms in place of addresses, in all output; KEY: a file of 32 bytes, one key gives one pseudonym
  -s, --packets              one line per packet in PREFIX_packets.txt
  -l, --logfile              log and end report to PREFIX_log.txt
      --report FORM          reports as text, or as JSON objects, one a line, on standard output (json); the log then goes to standard error
  -m, --monfile              reports during the run to PREFIX_monitoring.txt
  -M, --mon-interval S       a report every S seconds; SIGUSR1 asks for one, SIGUSR2 switches the reports on and off
      --metrics [ADDRESS:]PORT  counts of the run by HTTP, for Prometheus: http://ADDRESS:PORT/metrics (default address: 127.0.0.1)
Live capture:
  -S, --snaplen N            bytes kept of a frame
  -B, --rx-bufsize N         kernel buffer in bytes, of each interface
      --set PROMISCUOUS=0    only frames to and from this machine; --set SAMPLING=N: analyse one packet in N, also of files
      --user NAME            once it listens, root's rights are given up for good to NAME (default with -i: who called sudo, else
                             'tranalyzer' where there is such a user, else 'nobody'); root: they are kept
Other:
  -p, --plugin-folder DIR    plugins (default: ~/.tranalyzer/plugins/, where it has none those of the packages)
  -b, --plugin-list FILE     load only the plugins that FILE names
      --plugins NAME,...     load these plugins only, and what they need
      --features cic         features of CICFlowMeter in PREFIX_cic.csv: as --plugins cicFeatures,tcpStates; adds to --plugins
  -C, --config FILE          values of run-time flags (default: ~/.tranalyzer/t2.toml)
      --set NAME=VALUE       value of a run-time flag of the core or of a plugin, before environment and file; also
                             PLUGIN.NAME=VALUE. Repeatable; `t2conf -a -E` lists these flags
  -F, --bpf-file FILE        filter from a file
  -x, --sensor-id N          sensor id (default: 666)
      --max-flows N          conversations in memory at most (default: half of the machine's memory)
  -f, --hash-factor N        accepted; the flow table grows by itself
  -c, --cpu N                run on processor N, from 1; 0: where it runs now
  -P, --priority N           nice value
  -t, --threads N            threads beside the one that reads, 0: none (default: one for each processor beside the first, at most 4;
                             0 with -s or --max-flows); the output is the same for every N, but at the memory bound
      --batch N              packets that a plugin gets at once (1-4096); results are the same for every N
      --hash-seed N          seed of the flow table (default: random); results are the same for every N, but as with -t
      --describe [NAME...]   columns, bits, flags, memory and needs of the plugins, or of these (tranalyzer2: the core); with --report json as JSON
  -V, --version              print the version
  -h, --help                 print this

Words directly behind -r are inputs as long as they name files or folders. The other words are a filter as tcpdump takes
it; so are all words behind '--'.
Exit status: 0 all is well, 1 nothing was analysed, 2 the input was damaged (what could be read was analysed),
3 output was lost (disk full, collector gone or too slow, ended by a second signal).
)";

}  // namespace t2
