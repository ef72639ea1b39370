// libpcap, loaded where a filter, an interface or a name of a link type is asked for.
#pragma once

#include <pcap/pcap.h>

#include "t2/library.hpp"

namespace t2 {

struct Libpcap {
  Library library{LIBPCAP_SONAME, "libpcap0.8"};
  T2_IMPORT(pcap_activate);
  T2_IMPORT(pcap_close);
  T2_IMPORT(pcap_compile);
  T2_IMPORT(pcap_create);
  T2_IMPORT(pcap_datalink);
  T2_IMPORT(pcap_datalink_val_to_description);
  T2_IMPORT(pcap_datalink_val_to_name);
  T2_IMPORT(pcap_dispatch);
  T2_IMPORT(pcap_dump_close);
  T2_IMPORT(pcap_dump_fopen);
  T2_IMPORT(pcap_fileno);
  T2_IMPORT(pcap_fopen_offline);
  T2_IMPORT(pcap_freecode);
  T2_IMPORT(pcap_get_tstamp_precision);
  T2_IMPORT(pcap_geterr);
  T2_IMPORT(pcap_get_selectable_fd);
  T2_IMPORT(pcap_offline_filter);
  T2_IMPORT(pcap_open_dead);
  T2_IMPORT(pcap_open_dead_with_tstamp_precision);
  T2_IMPORT(pcap_set_buffer_size);
  T2_IMPORT(pcap_set_promisc);
  T2_IMPORT(pcap_set_snaplen);
  T2_IMPORT(pcap_set_timeout);
  T2_IMPORT(pcap_set_tstamp_precision);
  T2_IMPORT(pcap_setfilter);
  T2_IMPORT(pcap_setnonblock);
  T2_IMPORT(pcap_snapshot);
  T2_IMPORT(pcap_stats);
  T2_IMPORT(pcap_statustostr);
};

// Throws Error where it is not installed.
inline const Libpcap& libpcap() {
  static const Libpcap loaded;
  return loaded;
}

}  // namespace t2
