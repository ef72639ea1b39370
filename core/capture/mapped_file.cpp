// The mapped reader. Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
#include "capture/mapped_file.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "t2/plugin.hpp"

namespace t2 {

namespace {

constexpr std::uint32_t most_captured = 262'144;  // libpcap's own bound; a larger length is damage
constexpr std::uint32_t magic_us = 0xa1b2c3d4, magic_ns = 0xa1b23c4d, magic_modified = 0xa1b2cd34, magic_ng = 0x0a0d0d0a;
constexpr std::uint32_t order_ng = 0x1a2b3c4d;

std::uint32_t load32(const std::uint8_t* p) {
  std::uint32_t v;
  std::memcpy(&v, p, 4);
  return v;
}

// Link types of files that have another number in libpcap.
int dlt_of(std::uint32_t link_type) { return link_type == 101 ? DLT_RAW : static_cast<int>(link_type & 0xffff); }

}  // namespace

MappedFile::MappedFile(const std::string& path, const CaptureOptions& options) : path_(path) {
  map(path);
  const std::uint32_t magic = size_ >= 4 ? load32(base_) : 0;
  if (magic == magic_ng) {
    pcapng_ = true;
    if (size_ < 28 || (load32(base_ + 8) != order_ng && load32(base_ + 8) != __builtin_bswap32(order_ng))) throw Error(fmt::format("'{}' begins like pcapng, but has no section header", path));
  } else {
    open_pcap(magic);
  }
  int link_type = interfaces_.empty() ? DLT_EN10MB : interfaces_[0].link_type;
  if (pcapng_ && size_ >= 28) {  // look ahead to the first interface, for the filter and the log
    swapped_ = load32(base_ + 8) != order_ng;
    const std::uint64_t first = u32(base_ + 4);
    if (first >= 28 && first + 20 <= size_ && u32(base_ + first) == 1) link_type = dlt_of(u16(base_ + first + 8));
  }
  filter_ = std::make_unique<Filter>(options.filter, link_type);
}

MappedFile::~MappedFile() {
  if (base_) munmap(const_cast<std::uint8_t*>(base_), size_);
}

void MappedFile::map(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw Error(fmt::format("cannot open '{}': {}", path, std::strerror(errno)));
  struct stat about{};
  fstat(file, &about);
  size_ = static_cast<std::uint64_t>(about.st_size);
  if (size_ == 0) {
    close(file);
    throw Error(fmt::format("'{}' is empty: a capture begins with a header of 24 bytes", path));
  }
  void* memory = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
  const int why = errno;
  close(file);
  if (memory == MAP_FAILED) throw Error(fmt::format("cannot map '{}': {}", path, std::strerror(why)));
  madvise(memory, size_, MADV_SEQUENTIAL);
  base_ = static_cast<const std::uint8_t*>(memory);
}

void MappedFile::open_pcap(std::uint32_t magic) {
  const auto is = [&](std::uint32_t wanted) {
    if (magic != wanted && magic != __builtin_bswap32(wanted)) return false;
    swapped_ = magic != wanted;
    return true;
  };
  Interface only;
  if (is(magic_ns)) {
    only.units = 1'000'000'000;
  } else if (is(magic_modified)) {
    record_header_ = 24;
  } else if (!is(magic_us)) {
    throw Error(fmt::format("'{}' is not a pcap or pcapng file", path_));
  }
  if (size_ < 24) throw Error(fmt::format("'{}' is cut in its file header: {} of 24 bytes", path_, size_));
  const std::uint16_t minor = u16(base_ + 6);
  swapped_lengths_ = u16(base_ + 4) == 2 && minor < 3;
  only.snaplen = u32(base_ + 16);
  only.link_type = dlt_of(u32(base_ + 20) & 0x03ff'ffff);
  longest_ = std::max(most_captured, only.snaplen <= 1u << 27 ? only.snaplen : 0);
  fraction_unit_ = only.units == 1'000'000'000 ? 1 : 1000;
  link_type_ = only.link_type;
  if (only.snaplen != 0) snaplen_ = only.snaplen;
  interfaces_.push_back(only);
  at_ = 24;
}

inline std::uint16_t MappedFile::u16(const std::uint8_t* p) const {
  std::uint16_t v;
  std::memcpy(&v, p, 2);
  return swapped_ ? __builtin_bswap16(v) : v;
}

inline std::uint32_t MappedFile::u32(const std::uint8_t* p) const { return swapped_ ? __builtin_bswap32(load32(p)) : load32(p); }

// Maps in the next part of the file with one call instead of a fault every few pages, and lets go of what lies behind: the
// memory in use does not grow with the file. A packet back there that is still being looked at is simply mapped in again.
void MappedFile::move_window() {
  constexpr std::uint64_t step = 4 << 20, kept = 4 * step;
  const std::uint64_t from = at_ / step * step;
  madvise(const_cast<std::uint8_t*>(base_) + from, std::min(2 * step, size_ - from), MADV_POPULATE_READ);
  window_ = from + step;
  if (from >= kept) madvise(const_cast<std::uint8_t*>(base_) + from - kept, step, MADV_DONTNEED);
}

// Each packet header is found through the one before it, so the processor cannot run ahead: this tells it where to.
inline void MappedFile::read_ahead() {
  if (at_ >= window_) move_window();
  constexpr std::uint64_t distance = 4096, line = 64;
  const std::uint64_t until = std::min(at_ + distance, size_);
  std::uint64_t ahead = std::max(ahead_, at_);
  for (; ahead < until; ahead += line) __builtin_prefetch(base_ + ahead);
  ahead_ = ahead;
}

Read MappedFile::read(Block& block) {
  block.clear();
  block.packets.resize(Block::capacity);
  std::size_t filled = 0;
  bool there = true;
  while (there && filled < Block::capacity) {
    read_ahead();
    RawPacket& packet = block.packets[filled];
    there = !stopped_ && (pcapng_ ? next_pcapng(packet) : next_pcap(packet));
    filled += there && filter_->accepts(packet);
  }
  block.packets.resize(filled);
  return there ? Read::packets : Read::end;
}

// Notes why reading ends here; always answers false.
bool MappedFile::damaged(std::uint64_t at, std::string_view what) {
  damage_ = fmt::format("'{}' is damaged at byte {}: {}; {} packets before it were read", path_, at, what, packets_);
  at_ = size_;
  return false;
}

inline bool MappedFile::next_pcap(RawPacket& packet) {
  const std::uint64_t left = size_ - at_;
  if (left < record_header_) return left > 0 && damaged(at_, "the file ends inside a packet header");
  const std::uint8_t* head = base_ + at_;
  std::uint32_t stored = u32(head + 8), wire = u32(head + 12);
  if (swapped_lengths_ && stored > wire) std::swap(stored, wire);
  if (stored > longest_ || left - record_header_ < stored) return damaged_packet(stored, left - record_header_);
  packet.time = Time{u32(head)} * one_second + Time{u32(head + 4)} * fraction_unit_;
  packet.data = head + record_header_;
  packet.captured = std::min(stored, snaplen_);
  packet.wire = std::max(wire, packet.captured);
  packet.link_type = link_type_;
  at_ += record_header_ + stored;
  ++packets_;
  return true;
}

bool MappedFile::damaged_packet(std::uint32_t stored, std::uint64_t left) {
  if (stored > longest_) return damaged(at_, fmt::format("impossible captured length {}", stored));
  return damaged(at_, fmt::format("the file ends inside a packet, {} of {} bytes", left, stored));
}

bool MappedFile::next_pcapng(RawPacket& packet) {
  while (at_ < size_) {
    const std::uint64_t at = at_;
    if (size_ - at < 12) return damaged(at, "the file ends inside a block header");
    if (load32(base_ + at) == magic_ng) swapped_ = load32(base_ + at + 8) != order_ng;
    const std::uint32_t type = u32(base_ + at), length = u32(base_ + at + 4);
    if (length < 12 || length % 4 != 0) return damaged(at, fmt::format("impossible block length {}", length));
    if (size_ - at < length) return damaged(at, fmt::format("the file ends inside a block, {} of {} bytes", size_ - at, length));
    at_ += length;
    const std::uint8_t* body = base_ + at + 8;
    const std::uint32_t body_length = length - 12;
    switch (type) {
      case magic_ng:
        if (!section_header(at, length)) return false;
        break;
      case 1: interface_block(body, body_length); break;
      case 2:   // obsolete packet block
      case 3:   // simple packet block
      case 6: {  // enhanced packet block
        if (packet_block(type, body, body_length, packet)) return ++packets_, true;
        return damaged(at, "a packet block whose lengths do not fit, or of an unknown interface");
      }
      default: break;  // names, statistics, ...: nothing for us
    }
  }
  return false;
}

bool MappedFile::section_header(std::uint64_t at, std::uint32_t length) {
  const std::uint32_t order = load32(base_ + at + 8);
  if (length < 28 || (order != order_ng && order != __builtin_bswap32(order_ng))) return damaged(at, "a section header without byte order");
  interfaces_.clear();
  return true;
}

void MappedFile::interface_block(const std::uint8_t* body, std::uint32_t length) {
  Interface made;
  if (length >= 8) {
    made.link_type = dlt_of(u16(body));
    made.snaplen = u32(body + 4);
  }
  for (std::uint32_t at = 8; length >= 4 && at <= length - 4;) {
    const std::uint16_t code = u16(body + at), size = u16(body + at + 2);
    const std::uint8_t* value = body + at + 4;
    if (code == 0 || size > length - at - 4) break;
    if (code == 9 && size == 1) {  // if_tsresol
      const unsigned power = *value & 0x7f;
      made.units = 1;
      if (*value & 0x80) made.units = power < 63 ? std::uint64_t{1} << power : 1;
      else for (unsigned i = 0; i < power && i < 18; ++i) made.units *= 10;
    } else if (code == 14 && size == 8) {  // if_tsoffset
      std::memcpy(&made.offset, value, 8);
      if (swapped_) made.offset = static_cast<std::int64_t>(__builtin_bswap64(static_cast<std::uint64_t>(made.offset)));
    }
    at += 4 + (size + 3u) / 4 * 4;
  }
  interfaces_.push_back(made);
}

bool MappedFile::packet_block(std::uint32_t type, const std::uint8_t* body, std::uint32_t length, RawPacket& packet) {
  const std::uint32_t head = type == 3 ? 4 : 20;
  if (length < head) return false;
  const std::uint32_t which = type == 3 ? 0 : type == 2 ? u16(body) : u32(body);
  if (which >= interfaces_.size()) return false;
  const Interface& from = interfaces_[which];
  if (type == 3) {
    packet.wire = u32(body);
    packet.captured = std::min(packet.wire, length - head);
    packet.time = 0;  // simple packet blocks have no time
  } else {
    packet.captured = u32(body + 12);
    packet.wire = u32(body + 16);
    if (packet.captured > length - head) return false;
    const std::uint64_t units = std::uint64_t{u32(body + 4)} << 32 | u32(body + 8);
    __extension__ using Wide = unsigned __int128;
    const std::uint64_t fraction = static_cast<std::uint64_t>(Wide{units % from.units} * static_cast<std::uint64_t>(one_second) / from.units);
    constexpr std::int64_t latest = 9'000'000'000;  // seconds that still fit into Time
    const auto seconds = static_cast<std::int64_t>(std::min<std::uint64_t>(units / from.units, latest));
    const std::int64_t offset = std::clamp(from.offset, -latest, latest);
    packet.time = std::clamp(seconds + offset, -latest, latest) * one_second + static_cast<Time>(fraction);
  }
  packet.data = body + head;
  packet.link_type = from.link_type;
  if (from.snaplen != 0) packet.captured = std::min(packet.captured, from.snaplen);
  packet.wire = std::max(packet.wire, packet.captured);
  return true;
}

std::string MappedFile::describe() const {
  Interface first;
  if (!interfaces_.empty()) {
    first = interfaces_[0];
  } else {  // pcapng before the first read
    const std::uint64_t at = size_ >= 28 ? u32(base_ + 4) : 0;
    if (at < 28 || at + 20 > size_ || u32(base_ + at) != 1) return {};
    first.link_type = dlt_of(u16(base_ + at + 8));
    first.snaplen = u32(base_ + at + 12);
  }
  return fmt::format("Link layer type: {}\nSnapshot length: {}", link_name(first.link_type), first.snaplen);
}

}  // namespace t2
