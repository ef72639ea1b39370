// The features of small flows, computed by hand.
#include <catch2/catch.hpp>

#include <cmath>
#include <sstream>

#include "run.hpp"

namespace t2::test::cic_features_test {

namespace {

const std::vector<std::string> plugins{"cicFeatures"};

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) out.push_back(cell);
  return out;
}

struct Csv {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
  explicit Csv(const std::string& text) {
    std::istringstream in(text);
    std::string line;
    std::getline(in, line);
    names = cells(line);
    while (std::getline(in, line)) rows.push_back(cells(line));
  }
  const std::string& text(std::size_t row, const std::string& name) const {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) throw std::runtime_error("no column " + name);
    return rows.at(row).at(static_cast<std::size_t>(at - names.begin()));
  }
  double number(std::size_t row, const std::string& name) const { return std::stod(text(row, name)); }
};

Frame client() { return Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(5000, 80); }
Frame server() { return Frame().eth().ip4("10.0.0.2", "10.0.0.1").tcp(80, 5000); }

Capture connection() {
  Capture capture;
  capture.add(epoch, client().flags("S").seq(9).window(1000).options(mss(1460)));
  capture.add(epoch + millisecond, server().flags("SA").seq(19).ack(10).window(2000));
  capture.add(epoch + 2 * millisecond, client().flags("PA").seq(10).ack(20).window(7).zeros(100));
  capture.add(epoch + 3 * millisecond, server().flags("A").seq(20).ack(110).zeros(300));
  capture.add(epoch + 2003 * millisecond, server().flags("PAU").seq(320).ack(110).zeros(500));
  capture.add(epoch + 9003 * millisecond, client().flags("FA").seq(110).ack(820));
  return capture;
}

}  // namespace

TEST_CASE("cicFeatures: a connection") {
  const Csv csv(run(connection(), plugins).file("_cic.csv"));
  REQUIRE(csv.names.size() == 84);
  REQUIRE(csv.rows.size() == 1);
  REQUIRE(csv.rows[0].size() == 84);
  CHECK(csv.text(0, "Flow ID") == "10.0.0.1-10.0.0.2-5000-80-6");
  CHECK(csv.text(0, "Src IP") == "10.0.0.1");
  CHECK(csv.text(0, "Dst Port") == "80");
  CHECK(csv.text(0, "Timestamp") == "2020-09-13 12:26:40.000000");
  CHECK(csv.text(0, "Label") == "No Label");
  const std::vector<std::pair<const char*, double>> expected{{"Protocol", 6},
                                                             {"Flow Duration", 9003000},
                                                             {"Tot Fwd Pkts", 3},
                                                             {"Tot Bwd Pkts", 3},
                                                             {"TotLen Fwd Pkts", 100},
                                                             {"TotLen Bwd Pkts", 800},
                                                             {"Fwd Pkt Len Max", 100},
                                                             {"Fwd Pkt Len Min", 0},
                                                             {"Fwd Pkt Len Mean", 100. / 3},
                                                             {"Fwd Pkt Len Std", 57.73502692},
                                                             {"Bwd Pkt Len Max", 500},
                                                             {"Bwd Pkt Len Min", 0},
                                                             {"Bwd Pkt Len Mean", 800. / 3},
                                                             {"Bwd Pkt Len Std", 251.6611478},
                                                             {"Flow Byts/s", 900 / 9.003},
                                                             {"Flow Pkts/s", 6 / 9.003},
                                                             {"Flow IAT Mean", 1800600},
                                                             {"Flow IAT Std", 3032705.112601619},
                                                             {"Flow IAT Max", 7000000},
                                                             {"Flow IAT Min", 1000},
                                                             {"Fwd IAT Tot", 9003000},
                                                             {"Fwd IAT Mean", 4501500},
                                                             {"Fwd IAT Std", 6363253.924},
                                                             {"Fwd IAT Max", 9001000},
                                                             {"Fwd IAT Min", 2000},
                                                             {"Bwd IAT Tot", 2002000},
                                                             {"Bwd IAT Mean", 1001000},
                                                             {"Bwd IAT Std", 1412799.349},
                                                             {"Bwd IAT Max", 2000000},
                                                             {"Bwd IAT Min", 2000},
                                                             {"Fwd PSH Flags", 1},
                                                             {"Bwd PSH Flags", 1},
                                                             {"Fwd URG Flags", 0},
                                                             {"Bwd URG Flags", 1},
                                                             {"Fwd Header Len", 64},
                                                             {"Bwd Header Len", 60},
                                                             {"Fwd Pkts/s", 3 / 9.003},
                                                             {"Bwd Pkts/s", 3 / 9.003},
                                                             {"Pkt Len Min", 0},
                                                             {"Pkt Len Max", 500},
                                                             {"Pkt Len Mean", 150},
                                                             {"Pkt Len Std", 207.3644135},
                                                             {"Pkt Len Var", 43000},
                                                             {"FIN Flag Cnt", 1},
                                                             {"SYN Flag Cnt", 2},
                                                             {"RST Flag Cnt", 0},
                                                             {"PSH Flag Cnt", 2},
                                                             {"ACK Flag Cnt", 5},
                                                             {"URG Flag Cnt", 1},
                                                             {"CWE Flag Count", 0},
                                                             {"ECE Flag Cnt", 0},
                                                             {"Down/Up Ratio", 1},
                                                             {"Pkt Size Avg", 150},
                                                             {"Fwd Seg Size Avg", 100. / 3},
                                                             {"Bwd Seg Size Avg", 800. / 3},
                                                             {"Fwd Byts/b Avg", 0},
                                                             {"Bwd Blk Rate Avg", 0},
                                                             {"Subflow Fwd Pkts", 1},
                                                             {"Subflow Fwd Byts", 100. / 3},
                                                             {"Subflow Bwd Pkts", 1},
                                                             {"Subflow Bwd Byts", 800. / 3},
                                                             {"Init Fwd Win Byts", 1000},
                                                             {"Init Bwd Win Byts", 2000},
                                                             {"Fwd Act Data Pkts", 1},
                                                             {"Fwd Seg Size Min", 20},
                                                             {"Active Mean", 2003000},
                                                             {"Active Std", 0},
                                                             {"Active Max", 2003000},
                                                             {"Active Min", 2003000},
                                                             {"Idle Mean", 7000000},
                                                             {"Idle Std", 0},
                                                             {"Idle Max", 7000000},
                                                             {"Idle Min", 7000000}};
  for (const auto& [name, value] : expected) {
    CAPTURE(name);
    CHECK(csv.number(0, name) == Approx(value).epsilon(1e-9));
  }
}

TEST_CASE("cicFeatures: bulks, one packet alone, IPv6, and no layer 2") {
  Capture capture;
  std::uint32_t sequence = 100;
  std::int64_t time = epoch;
  for (int i = 0; i < 6; ++i, sequence += 1000)  // a bulk: 6 packets in half a second
    capture.add(time += 100 * millisecond, client().flags("A").seq(sequence).zeros(1000));
  capture.add(time += 1, server().flags("A").seq(1).zeros(10));
  for (int i = 0; i < 3; ++i, sequence += 10) capture.add(time += 1, client().flags("A").seq(sequence).zeros(10));
  capture.add(time += 2 * second, client().flags("A").seq(sequence).zeros(10));  // too late for a fourth
  capture.add(epoch, Frame().eth().ip6("2001:db8::1", "2001:db8::2").udp(1, 2).zeros(12));
  capture.add(epoch, Frame().eth().arp(1, "02:00:00:00:00:01", "192.0.2.1", "00:00:00:00:00:00", "192.0.2.2"));
  const Csv csv(run(capture, plugins).file("_cic.csv"));
  REQUIRE(csv.rows.size() == 2);
  const std::size_t udp = csv.text(0, "Protocol") == "17" ? 0 : 1, tcp = 1 - udp;
  CHECK(csv.number(tcp, "Fwd Byts/b Avg") == 6000);
  CHECK(csv.number(tcp, "Fwd Pkts/b Avg") == 6);
  CHECK(csv.number(tcp, "Fwd Blk Rate Avg") == Approx(12000));
  CHECK(csv.number(tcp, "Bwd Byts/b Avg") == 0);
  CHECK(csv.number(tcp, "Subflow Fwd Pkts") == 5);
  CHECK(csv.number(tcp, "Down/Up Ratio") == Approx(0.1));
  CHECK(csv.text(udp, "Src IP") == "2001:db8::1");
  for (const char* name : {"Flow Duration", "Flow Byts/s", "Flow IAT Std", "Fwd IAT Min", "Bwd Pkt Len Min",
                           "Active Mean", "Pkt Len Std"}) {
    CAPTURE(name);
    CHECK(csv.number(udp, name) == 0);
  }
  CHECK(csv.number(udp, "Init Fwd Win Byts") == -1);
  CHECK(csv.number(udp, "Fwd Header Len") == 8);
}

TEST_CASE("cicFeatures: names as in CICIDS2017, standard output, labels") {
  const TempFolder folder;
  write_file(folder / "rules.tsv", text("*\t*\ttcp\t10.0.0.2\t80\t*\t*\tWeb, \"x\"\n"));
  const Result labelled =
      run(connection(), {"labels", "cicFeatures"}, {"--set", "LABELS_FILE=" + (folder / "rules.tsv").string()});
  CHECK_THAT(labelled.file("_cic.csv"), Catch::EndsWith(",\"Web, \"\"x\"\"\"\n"));
  const Csv csv(run(connection(), plugins, {"--set", "CIC_LONG_NAMES=1", "-w", "-"}).out);
  REQUIRE(csv.names.size() == 84);
  CHECK(csv.text(0, "Source IP") == "10.0.0.1");
  CHECK(csv.number(0, "Total Backward Packets") == 3);
  CHECK(csv.number(0, "Init_Win_bytes_forward") == 1000);
  CHECK(csv.number(0, "min_seg_size_forward") == 20);
  CHECK(csv.names[83] == "Label");
}

TEST_CASE("cicFeatures: --features cic chooses the plugins") {
  const TempFolder folder;
  write_file(folder / "in.pcap", connection().pcap());
  const auto t2 = [&](const std::vector<std::string>& built, Arguments words) {
    const TempFolder own;
    Arguments command{
        binary().string(),        "-p", plugin_folder(own, built).string(), "-r", (folder / "in.pcap").string(), "-w",
        (folder / "out").string()};
    command.insert(command.end(), words.begin(), words.end());
    return execute(command, own);
  };
  const Execution done = t2({"basicFlow", "cicFeatures", "tcpStates", "txtSink"}, {"--features", "cic"});
  CHECK(done.status == 0);
  CHECK_THAT(done.out, !Catch::Contains("txtSink") && Catch::Contains("tcpStates") && Catch::Contains("cicFeatures"));
  CHECK(Csv(read_file(folder / "out_cic.csv")).rows.size() == 1);
  const Execution both =
      t2({"basicFlow", "cicFeatures", "tcpStates", "txtSink"}, {"--features", "cic", "--plugins", "basicFlow,txtSink"});
  CHECK_THAT(both.out, Catch::Contains("txtSink") && Catch::Contains("cicFeatures"));
  const Execution missing = t2({"basicFlow"}, {"--features", "cic"});
  CHECK(missing.status == 1);
  CHECK_THAT(missing.err, Catch::Contains("cicFeatures"));
  const Execution unknown = t2({"basicFlow"}, {"--features", "cik"});
  CHECK(unknown.status == 1);
  CHECK_THAT(unknown.err, Catch::Contains("Option '--features': 'cik' is no set of features: cic"));
}

}  // namespace t2::test::cic_features_test
