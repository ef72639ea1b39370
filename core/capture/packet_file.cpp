// The parser. Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
#include "capture/packet_file.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "t2/plugin.hpp"

namespace t2 {

namespace {

constexpr std::uint32_t max_captured = 262'144;     // libpcap's own bound; a larger length is damage ...
constexpr std::uint32_t max_of_snaplen = 1u << 27;  // ... unless the file's snapshot length says so, up to here
constexpr std::uint32_t max_of_block = max_of_snaplen + (1u << 20);  // pcapng: packet and options
constexpr std::uint32_t magic_us = 0xa1b2c3d4, magic_ns = 0xa1b23c4d, magic_modified = 0xa1b2cd34,
                        magic_ng = 0x0a0d0d0a;
constexpr std::uint32_t order_ng = 0x1a2b3c4d;
constexpr std::uint32_t pcap_head = 24, section_head = 28, block_head = 12;  // bytes
constexpr std::uint32_t simple_packet = 3;                                   // type of a block
constexpr std::size_t first_read = 4096;

std::uint32_t load32(const std::uint8_t* p) {
  std::uint32_t v;
  std::memcpy(&v, p, 4);
  return v;
}

// What is mapped is in no cache yet, and what the processor fetches ahead ends with each page.
[[gnu::always_inline]] inline void prefetch_behind(const std::uint8_t* from, std::size_t bytes) {
  constexpr std::size_t distance = 4096;
  for (std::size_t at = distance; at < distance + bytes; at += 64) __builtin_prefetch(from + at, 0, 2);
}

// Blocks of pcapng are multiples of four bytes. Some writers leave out the padding in their lengths, against the
// format.
constexpr std::uint64_t padded(std::uint32_t length) { return (std::uint64_t{length} + 3) / 4 * 4; }

// Link types of files that have another number in libpcap.
int dlt_of(std::uint32_t link_type) { return link_type == 101 ? DLT_RAW : static_cast<int>(link_type & 0xffff); }

}  // namespace

// Where reading was before a part of the mapping was parsed: some of it may turn out to have been cut away.
class PacketFile::Checkpoint {
 public:
  explicit Checkpoint(PacketFile& file)
      : file_(file), progress_(file.progress_), interfaces_(file.interfaces_.size()) {}
  std::uint64_t position() const { return progress_.position; }
  void go_back(Block& block) const {
    file_.progress_ = progress_;
    file_.interfaces_.resize(interfaces_);
    file_.damage_.clear();
    block.packets.clear();
  }

 private:
  PacketFile& file_;
  Progress progress_;
  std::size_t interfaces_;  // how many there were
};

PacketFile::PacketFile(std::string name, const CaptureOptions& options, const Opener& opener)
    : name_(std::move(name)), stopped_(options.stop ? *options.stop : own_stop_), bytes_(opener(stopped_)) {
  needed_ = first_read;
  while (rest_.size() < pcap_head && fill(rest_)) {}
  if (stopped_ && rest_.size() < pcap_head)
    throw Error(fmt::format("stopped while {} waited for its file header", name_));
  if (rest_.size() == 0)
    throw NotACapture(fmt::format("{} is empty: a capture begins with a header of 24 bytes", name_));
  const std::uint32_t magic = rest_.size() >= 4 ? load32(rest_.data()) : 0;
  int link_type = DLT_EN10MB;
  if (magic == magic_ng) {
    open_pcapng();
    if (!interfaces().empty()) link_type = interfaces()[0].link_type;
  } else {
    open_pcap(magic);
    link_type = link_type_;
  }
  needed_ = 0;
  mapping_ = bytes_->map();
  filter_ = std::make_unique<Filter>(options.filter, link_type, progress_.swapped);
}

void PacketFile::open_pcap(std::uint32_t magic) {
  const auto is = [&](std::uint32_t wanted) {
    if (magic != wanted && magic != __builtin_bswap32(wanted)) return false;
    progress_.swapped = magic != wanted;
    return true;
  };
  Interface only;
  if (is(magic_ns)) {
    only.units = 1'000'000'000;
  } else if (is(magic_modified)) {
    record_header_ = 24;
  } else if (!is(magic_us)) {
    const std::uint8_t* const first = rest_.data();
    const bool text = std::all_of(first, first + rest_.size(), [](std::uint8_t c) { return c >= ' ' || c == '\n'; });
    throw NotACapture(fmt::format("{} is not a pcap or pcapng file{}", name_,
                                  text ? ": it is a text; -R reads a list of captures" : ""));
  }
  if (rest_.size() < pcap_head)
    throw Error(fmt::format("{} is cut in its file header: {} of 24 bytes", name_, rest_.size()));
  const std::uint8_t* head = rest_.data();
  const std::uint16_t minor = u16(head + 6);
  swapped_lengths_ = u16(head + 4) == 2 && minor < 3;
  only.snaplen = u32(head + 16);
  only.link_type = dlt_of(u32(head + 20) & 0x03ff'ffff);
  longest_ = std::max(max_captured, only.snaplen <= max_of_snaplen ? only.snaplen : 0);
  fraction_unit_ = only.units == 1'000'000'000 ? 1 : 1000;
  link_type_ = only.link_type;
  if (only.snaplen != 0) snaplen_ = only.snaplen;
  interfaces_.push_back(only);
  progress_.skip = pcap_head;
}

// Looks ahead to the first interface, for the filter and the log; everything is read again as a block.
void PacketFile::open_pcapng() {
  pcapng_ = true;
  const auto there = [&](std::size_t size) {
    while (rest_.size() < size && fill(rest_)) {}
    return rest_.size() >= size;
  };
  if (!there(section_head) ||
      (load32(rest_.data() + 8) != order_ng && load32(rest_.data() + 8) != __builtin_bswap32(order_ng))) {
    throw NotACapture(fmt::format("{} begins like pcapng, but has no section header", name_));
  }
  progress_.swapped = load32(rest_.data() + 8) != order_ng;
  constexpr std::uint32_t interface_head = 20, max_ahead = 16u << 20;  // names and secrets may come first
  std::uint64_t at = u32(rest_.data() + 4);
  while (at >= section_head && at <= max_ahead && there(at + interface_head)) {
    const std::uint32_t type = u32(rest_.data() + at), length = u32(rest_.data() + at + 4);
    if (type == 1) return interfaces_.push_back({dlt_of(u16(rest_.data() + at + 8)), u32(rest_.data() + at + 12)});
    if (length < block_head) return;
    at += padded(length);
  }
}

inline std::uint16_t PacketFile::u16(const std::uint8_t* p) const {
  std::uint16_t v;
  std::memcpy(&v, p, 2);
  return progress_.swapped ? __builtin_bswap16(v) : v;
}

inline std::uint32_t PacketFile::u32(const std::uint8_t* p) const {
  return progress_.swapped ? __builtin_bswap32(load32(p)) : load32(p);
}

// Grows the buffer only as data arrives: lengths in the file are untrusted.
bool PacketFile::fill(ReadBuffer& buffer) {
  if (stopped_) return false;
  const std::size_t before = buffer.size(), usual = filter_ ? Block::usual_size : first_read;
  buffer.resize(std::max(before + usual / 2, std::min(std::max(usual, needed_), before + std::max(usual, before))));
  std::size_t n = 0;
  try {
    n = bytes_->read(buffer.data() + before, buffer.size() - before);
  } catch (const Error& e) {
    if (!filter_) throw;  // at the start
    damage_ = fmt::format("reading stopped after {} packets: {}", progress_.packets, e.what());
  }
  buffer.resize(before + n);
  return n > 0;
}

std::optional<Read> PacketFile::read_mapped(Block& block) {
  while (!stopped_) {
    const std::size_t wanted = std::max(Block::usual_size, needed_);
    const std::span<const std::uint8_t> bytes = mapping_->window(progress_.position, wanted);
    const Checkpoint before(*this);
    parse(bytes.data(), bytes.size(), block.packets);
    if (!mapping_->whole()) {  // some of that may have been zeros: once more
      before.go_back(block);
      return {};
    }
    if (!damage_.empty()) return Read::end;
    if (!block.packets.empty()) return Read::packets;
    if (progress_.position == before.position() && bytes.size() < wanted) return {};
  }
  return Read::end;
}

void PacketFile::forget_sections() {
  const std::size_t before = std::exchange(progress_.first_interface, 0);
  interfaces_.erase(interfaces_.begin(), interfaces_.begin() + static_cast<std::ptrdiff_t>(before));
}

Read PacketFile::read(Block& block) {
  block.clear();
  forget_sections();
  if (mapping_) {
    block.holds = mapping_;
    if (const std::optional<Read> got = read_mapped(block)) return *got;
    mapping_.reset();
    rest_.resize(0);  // of the beginning
    bytes_->skip_to(progress_.position);
  }
  ReadBuffer& memory = block.memory;
  memory.append(rest_.data(), rest_.size());
  rest_.resize(0);
  for (;;) {
    const std::size_t done = parse(memory.data(), memory.size(), block.packets);
    if (!damage_.empty()) return Read::end;
    if (!block.packets.empty()) {
      rest_.append(memory.data() + done, memory.size() - done);
      return Read::packets;
    }
    if (done > 0) {
      std::memmove(memory.data(), memory.data() + done, memory.size() - done);
      memory.resize(memory.size() - done);
    }
    if (fill(memory)) continue;
    if (damage_.empty() && !stopped_) note_end(memory.data(), memory.size());
    return Read::end;
  }
}

std::size_t PacketFile::parse(const std::uint8_t* data, std::size_t size, std::vector<RawPacket>& packets) {
  const std::size_t skipped = std::min<std::uint64_t>(progress_.skip, size);
  progress_.skip -= skipped;
  progress_.position += skipped;
  data += skipped, size -= skipped;
  const std::size_t taken = pcapng_ ? take_pcapng(data, size, packets) : take_pcap(data, size, packets);
  if (damage_.empty()) progress_.position += taken;
  return skipped + taken;
}

// Notes why reading ends here.
void PacketFile::damaged(std::uint64_t at, std::string_view what) {
  damage_ =
      fmt::format("{} is damaged at byte {}: {}; {} packets before it were read", name_, at, what, progress_.packets);
  progress_.position = std::max(progress_.position, bytes_->size());
}

// The file ends, perhaps too early, and these bytes may be the beginning of something.
void PacketFile::note_end(const std::uint8_t* data, std::size_t size) {
  if (const std::uint64_t end = progress_.position + size; end < bytes_->size()) {
    damaged(end, fmt::format("the file became shorter while it was read, it had {} bytes", bytes_->size()));
  } else if (progress_.skip > 0) {
    const std::uint64_t there = progress_.skipped - progress_.skip;
    damaged(progress_.position - there,
            fmt::format("the file ends inside a block, {} of {} bytes", there, progress_.skipped));
  } else if (size > 0 && pcapng_) {
    damaged(progress_.position, size < block_head
                                    ? "the file ends inside a block header"
                                    : fmt::format("the file ends inside a block, {} of {} bytes", size, u32(data + 4)));
  } else if (size > 0) {
    damaged(progress_.position, size < record_header_ ? "the file ends inside a packet header"
                                                      : fmt::format("the file ends inside a packet, {} of {} bytes",
                                                                    size - record_header_, needed_ - record_header_));
  }
}

std::size_t PacketFile::take_pcap(const std::uint8_t* data, std::size_t size, std::vector<RawPacket>& packets) {
  std::size_t at = 0;
  for (;;) {
    needed_ = record_header_;
    if (size - at < record_header_) return at;
    const std::uint8_t* head = data + at;
    std::uint32_t stored = u32(head + 8), wire = u32(head + 12);
    if (swapped_lengths_ && stored > wire) std::swap(stored, wire);
    if (stored > longest_) {
      damaged(progress_.position + at, fmt::format("impossible captured length {}", stored));
      return at;
    }
    needed_ += stored;
    if (size - at < needed_) return at;
    if (mapping_) prefetch_behind(head, needed_);
    at += needed_;
    ++progress_.packets;
    const std::uint32_t captured = std::min(stored, snaplen_);
    // Made where it stays: copied there, its loads would wait for the stores of its fields.
    RawPacket& packet = packets.emplace_back();
    packet.time = Time{u32(head)} * one_second + Time{u32(head + 4)} * fraction_unit_;
    packet.data = head + record_header_;
    packet.captured = captured;
    packet.wire = std::max(wire, captured);
    packet.link_type = link_type_;
    if (!filter_->accepts(packet, progress_.swapped)) packets.pop_back();
  }
}

std::size_t PacketFile::take_pcapng(const std::uint8_t* data, std::size_t size, std::vector<RawPacket>& packets) {
  std::size_t at = 0;
  for (;;) {
    needed_ = block_head;
    if (size - at < block_head) return at;
    const std::uint8_t* block = data + at;
    const bool section = load32(block) == magic_ng;
    if (section) progress_.swapped = load32(block + 8) != order_ng;
    const std::uint32_t type = u32(block), length = u32(block + 4);
    const bool wanted = section || type == 1 || type == 2 || type == 3 || type == 6;
    if (length < block_head || (wanted && length > max_of_block)) {
      damaged(progress_.position + at, fmt::format("impossible block length {}", length));
      return at;
    }
    const std::uint64_t whole = padded(length);
    needed_ = whole;
    if (mapping_) prefetch_behind(block, std::min<std::size_t>(whole, size - at));
    if (size - at < whole) {
      if (wanted) return at;
      progress_.skipped = whole;  // names, statistics, ...: nothing for us
      progress_.skip = whole - (size - at);
      return size;
    }
    if (whole != length && u32(block + whole - 4) != length) {
      damaged(progress_.position + at, fmt::format("impossible block length {}", length));
      return at;
    }
    if (wanted && !pcapng_block(block, static_cast<std::uint32_t>(whole), packets)) {
      damaged(progress_.position + at, section ? "a section header without byte order"
                                               : "a packet block whose lengths do not fit, or of an unknown interface");
      return at;
    }
    at += whole;
  }
}

// One that is complete. False: it makes no sense.
bool PacketFile::pcapng_block(const std::uint8_t* block, std::uint32_t length, std::vector<RawPacket>& packets) {
  const std::uint8_t* body = block + 8;
  const std::uint32_t body_length = length - block_head, type = u32(block);
  if (type == magic_ng) return section_header(block, length);
  if (type == 1) return interface_block(body, body_length), true;
  RawPacket packet;  // 2: obsolete packet block, 3: simple packet block, 6: enhanced packet block
  if (!packet_block(type, body, body_length, packet)) return false;
  ++progress_.packets;
  if (type == simple_packet) packet.time = progress_.last_time;
  progress_.last_time = packet.time;
  if (filter_->accepts(packet, progress_.swapped)) packets.push_back(packet);
  return true;
}

bool PacketFile::section_header(const std::uint8_t* block, std::uint32_t length) {
  const std::uint32_t order = load32(block + 8);
  if (length < section_head || (order != order_ng && order != __builtin_bswap32(order_ng))) return false;
  progress_.first_interface = interfaces_.size();
  return true;
}

void PacketFile::interface_block(const std::uint8_t* body, std::uint32_t length) {
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
      else
        for (unsigned i = 0; i < power && i < 18; ++i) made.units *= 10;
    } else if (code == 14 && size == 8) {  // if_tsoffset
      std::memcpy(&made.offset, value, 8);
      if (progress_.swapped)
        made.offset = static_cast<std::int64_t>(__builtin_bswap64(static_cast<std::uint64_t>(made.offset)));
    }
    at += 4 + (size + 3u) / 4 * 4;
  }
  interfaces_.push_back(made);
}

bool PacketFile::packet_block(std::uint32_t type, const std::uint8_t* body, std::uint32_t length,
                              RawPacket& packet) const {
  const std::uint32_t head = type == simple_packet ? 4 : 20;
  if (length < head) return false;
  const std::uint32_t which = type == simple_packet ? 0 : type == 2 ? u16(body) : u32(body);
  if (which >= interfaces().size()) return false;
  const Interface& from = interfaces()[which];
  if (type == simple_packet) {
    packet.wire = u32(body);
    packet.captured = std::min(packet.wire, length - head);
  } else {
    packet.captured = u32(body + 12);
    packet.wire = u32(body + 16);
    if (packet.captured > length - head) return false;
    const std::uint64_t units = std::uint64_t{u32(body + 4)} << 32 | u32(body + 8);
    __extension__ using Wide = unsigned __int128;
    const std::uint64_t fraction =
        static_cast<std::uint64_t>(Wide{units % from.units} * static_cast<std::uint64_t>(one_second) / from.units);
    constexpr std::int64_t latest =
        9'223'372'035;  // seconds that still fit into Time: 2262. What is outside is clamped
    const auto seconds = static_cast<std::int64_t>(std::min<std::uint64_t>(units / from.units, latest));
    const std::int64_t offset = std::clamp(from.offset, -latest, latest);
    packet.time = std::clamp<std::int64_t>(seconds + offset, 0, latest) * one_second + static_cast<Time>(fraction);
  }
  packet.data = body + head;
  packet.link_type = from.link_type;
  packet.wire = std::max(packet.wire, packet.captured);
  return true;
}

std::string PacketFile::describe() const {
  if (interfaces().empty()) return {};
  const Interface& first = interfaces()[0];
  return describe_link(first.link_type, first.snaplen);
}

std::unique_ptr<Source> open_file(const std::string& path, const CaptureOptions& options) {
  return std::make_unique<PacketFile>(input_name(path), options,
                                      [&](const std::atomic<bool>& stop) { return open_bytes(path, stop); });
}

std::unique_ptr<Source> follow_file(const std::string& path, const CaptureOptions& options,
                                    std::function<bool()> complete) {
  return std::make_unique<PacketFile>(input_name(path), options, [&](const std::atomic<bool>& stop) {
    return follow_bytes(path, stop, std::move(complete));
  });
}

}  // namespace t2
