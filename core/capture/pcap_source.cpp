// Packets through libpcap: interfaces, standard input, and files that cannot be mapped.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <pcap/pcap.h>

#include "capture/filter.hpp"
#include "capture/mapped_file.hpp"
#include "log.hpp"
#include "t2/plugin.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {


// A stream that libarchive decompresses (gzip, bzip2, xz, zstd, lz4, or none) as a FILE for libpcap.
class Decompressed {
 public:
  // `stop`: set by another thread, ends a wait for input; it outlives the stream.
  static std::pair<std::FILE*, const Decompressed*> open(const std::string& path, const std::atomic<bool>& stop) {
    auto self = std::make_unique<Decompressed>();
    self->stop_ = &stop;
    self->file_ = path == "-" ? dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (self->file_ < 0) throw Error(fmt::format("cannot open '{}': {}", path, std::strerror(errno)));
    archive* a = self->archive_ = archive_read_new();
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_lz4(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a);
    archive_entry* entry = nullptr;
    if (archive_read_open(a, self.get(), nullptr, &Decompressed::fill, nullptr) != ARCHIVE_OK || archive_read_next_header(a, &entry) != ARCHIVE_OK) {
      const char* why = archive_error_string(a);
      throw Error(fmt::format("cannot read {}: {}", path == "-" ? "standard input" : "'" + path + "'", why ? why : "it is empty"));
    }
    std::FILE* file = fopencookie(self.get(), "r", {&Decompressed::read, nullptr, nullptr, &Decompressed::close});
    if (!file) throw Error(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
    std::setvbuf(file, nullptr, _IONBF, 0);  // the buffer is here, where at_hand() sees it
    return {file, self.release()};
  }
  bool at_hand() const { return left_ > 0; }  // more can be read without waiting
  ~Decompressed() {
    archive_read_free(archive_);
    if (file_ >= 0) ::close(file_);
  }

 private:
  static la_ssize_t fill(archive*, void* self, const void** data) {
    auto& me = *static_cast<Decompressed*>(self);
    for (;;) {
      pollfd input{me.file_, POLLIN, 0};
      if (poll(&input, 1, 100) > 0) {
        const ssize_t n = ::read(me.file_, me.buffer_.data(), me.buffer_.size());
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        *data = me.buffer_.data();
        return n;
      }
      if (*me.stop_) return 0;
    }
  }
  static ssize_t read(void* self, char* to, std::size_t size) {
    auto& me = *static_cast<Decompressed*>(self);
    while (me.left_ == 0) {  // as much as there is now, where archive_read_data() would wait for all of it
      const void* data = nullptr;
      la_int64_t offset = 0;
      const int status = archive_read_data_block(me.archive_, &data, &me.left_, &offset);
      if (status == ARCHIVE_EOF) return 0;
      if (status < ARCHIVE_WARN) return -1;
      me.block_ = static_cast<const char*>(data);
    }
    const std::size_t n = std::min(size, me.left_);
    std::memcpy(to, me.block_, n);
    me.block_ += n;
    me.left_ -= n;
    return static_cast<ssize_t>(n);
  }
  static int close(void* self) {
    delete static_cast<Decompressed*>(self);
    return 0;
  }
  archive* archive_ = nullptr;
  const std::atomic<bool>* stop_ = nullptr;
  int file_ = -1;
  const char* block_ = nullptr;
  std::size_t left_ = 0;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(1 << 18);
};

class PcapSource final : public Source {
 public:
  PcapSource(pcap_t* handle, const Decompressed* stream, std::unique_ptr<std::atomic<bool>> stop)
      : handle_(handle), stream_(stream), live_(!stream), link_type_(pcap_datalink(handle)), stopped_(std::move(stop)) {
    const bool nanoseconds = pcap_get_tstamp_precision(handle) == PCAP_TSTAMP_PRECISION_NANO;
    fraction_ = nanoseconds ? 1 : 1000;
  }
  ~PcapSource() override { pcap_close(handle_); }
  PcapSource(const PcapSource&) = delete;
  PcapSource& operator=(const PcapSource&) = delete;

  Read read(Block& block) override {
    block.clear();
    starts_.clear();
    block_ = &block;
    int n;
    do {  // of a stream what there is now: the next packet may be long in coming
      n = pcap_dispatch(handle_, stream_ ? 1 : Block::capacity, &PcapSource::add, reinterpret_cast<u_char*>(this));
    } while (stream_ && n > 0 && stream_->at_hand() && !block.full());
    for (std::size_t i = 0; i < block.packets.size(); ++i) block.packets[i].data = block.memory.data() + starts_[i];
    if (n == PCAP_ERROR) {
      damage_ = fmt::format("reading stopped after {} packets: {}", packets_, pcap_geterr(handle_));
      return Read::end;
    }
    if (!live_) return n > 0 ? Read::packets : Read::end;
    if (*stopped_) {  // what the kernel holds is still read, but not for ever
      if (stop_time_ == 0) stop_time_ = wall_clock();
      if (wall_clock() > stop_time_ + 2 * CAPTURE_TIMEOUT * one_second / 1000) return Read::end;
    }
    return n > 0 ? Read::packets : wait();
  }

  void stop() override { *stopped_ = true; }
  bool live() const override { return live_; }
  std::string damage() const override { return damage_; }
  std::string describe() const override {
    return fmt::format("Link layer type: {}\nSnapshot length: {}", link_name(link_type_), pcap_snapshot(handle_));
  }
  std::optional<CaptureCounts> counts() const override {
    pcap_stat stat{};
    if (!live_ || pcap_stats(handle_, &stat) != 0) return {};
    return CaptureCounts{stat.ps_recv, stat.ps_drop, stat.ps_ifdrop};
  }

 private:
  static void add(u_char* self, const pcap_pkthdr* head, const u_char* data) {
    auto& me = *reinterpret_cast<PcapSource*>(self);
    Block& block = *me.block_;
    me.starts_.push_back(block.memory.size());
    block.memory.insert(block.memory.end(), data, data + head->caplen);
    block.packets.push_back({.time = head->ts.tv_sec * one_second + head->ts.tv_usec * me.fraction_,
                             .captured = head->caplen,
                             .wire = head->len < head->caplen ? head->caplen : head->len,
                             .link_type = me.link_type_});
    ++me.packets_;
  }

  // Nothing came: waits a little.
  Read wait() {
    pollfd descriptor{pcap_get_selectable_fd(handle_), POLLIN, 0};
    poll(&descriptor, descriptor.fd >= 0 ? 1 : 0, *stopped_ ? 10 : CAPTURE_TIMEOUT);
    return Read::idle;
  }

  pcap_t* handle_;
  const Decompressed* stream_;  // belongs to the handle; null: live
  bool live_;
  int link_type_;
  Time fraction_, stop_time_ = 0;
  std::uint64_t packets_ = 0;
  Block* block_ = nullptr;
  std::vector<std::size_t> starts_;  // of each packet in the block's memory, which moves while it grows
  std::string damage_;
  std::unique_ptr<std::atomic<bool>> stopped_;
};

bool compressed(const std::string& path) {
  std::uint8_t first[6] = {};
  if (std::FILE* file = std::fopen(path.c_str(), "rbe")) {
    const std::size_t n = std::fread(first, 1, sizeof first, file);
    std::fclose(file);
    const auto is = [&](std::string_view magic) { return n >= magic.size() && std::memcmp(first, magic.data(), magic.size()) == 0; };
    return is("\x1f\x8b") || is("BZh") || is("\xfd" "7zXZ") || is("\x28\xb5\x2f\xfd") || is("\x04\x22\x4d\x18");
  }
  return false;
}

void set_filter(pcap_t* handle, const std::string& expression) {
  if (expression.empty()) return;
  bpf_program program{};
  if (pcap_compile(handle, &program, expression.c_str(), BPF_OPTIMIZE, PCAP_NETMASK_UNKNOWN) != 0 || pcap_setfilter(handle, &program) != 0) {
    const std::string why = pcap_geterr(handle);
    pcap_close(handle);
    throw Error(fmt::format("'{}' is not a valid filter: {}", expression, why));
  }
  pcap_freecode(&program);
}

}  // namespace

std::unique_ptr<Source> open_file(const std::string& path, const CaptureOptions& options) {
  struct stat about{};
  if (path != "-") {
    if (stat(path.c_str(), &about) != 0) throw Error(fmt::format("cannot open '{}': {}", path, std::strerror(errno)));
    if (S_ISDIR(about.st_mode)) throw Error(fmt::format("'{}' is a directory: name a capture file", path));
    if (S_ISREG(about.st_mode) && !compressed(path)) return std::make_unique<MappedFile>(path, options);
  }
  char why[PCAP_ERRBUF_SIZE] = "";
  auto stop = std::make_unique<std::atomic<bool>>(false);
  const auto [file, stream] = Decompressed::open(path, *stop);
  pcap_t* handle = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
  if (!handle) std::fclose(file);
  if (!handle) throw Error(fmt::format("cannot read {}: {}", path == "-" ? "standard input" : "'" + path + "'", why));
  set_filter(handle, options.filter);
  return std::make_unique<PcapSource>(handle, stream, std::move(stop));
}

std::unique_ptr<Source> open_interface(const std::string& name, const CaptureOptions& options) {
  char why[PCAP_ERRBUF_SIZE] = "";
  pcap_t* handle = pcap_create(name.c_str(), why);
  if (!handle) throw Error(fmt::format("cannot capture on '{}': {}", name, why));
  pcap_set_snaplen(handle, options.snaplen);
  pcap_set_promisc(handle, 1);
  pcap_set_timeout(handle, CAPTURE_TIMEOUT);
  pcap_set_buffer_size(handle, options.buffer);
  pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO);
  const int status = pcap_activate(handle);
  if (status < 0) {
    std::string detail = pcap_geterr(handle);
    if (detail == pcap_statustostr(status)) detail.clear();
    pcap_close(handle);
    const bool denied = status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED;
    throw Error(fmt::format("cannot capture on '{}': {}{}{}", name, pcap_statustostr(status), detail.empty() ? "" : ": " + detail,
                            denied ? " (run st2, which uses sudo)" : ""));
  }
  set_filter(handle, options.filter);
  if (pcap_setnonblock(handle, 1, why) != 0) {
    pcap_close(handle);
    throw Error(fmt::format("cannot capture on '{}': {}", name, why));
  }
  return std::make_unique<PcapSource>(handle, nullptr, std::make_unique<std::atomic<bool>>(false));
}

}  // namespace t2
