// 802.11 frames, captured on air or carried by CAPWAP and LWAPP. Reader thread.
#include <algorithm>

#include "decode/dissector.hpp"

namespace t2 {

namespace {

constexpr std::uint8_t to_ds = 1, from_ds = 2, both_ds = to_ds | from_ds, is_protected = 0x40, with_ht_control = 0x80;
constexpr std::uint8_t data_frame = 0x08;  // version 0, type 2

std::uint32_t little_endian(const std::uint8_t* p, unsigned bytes) {
  std::uint32_t value = 0;
  while (bytes-- > 0) value = value << 8 | p[bytes];
  return value;
}

}  // namespace

// Fields whose presence bits are set follow the words of presence bits; of them, only the flags matter here.
bool Dissector::radiotap() {
  name(header::radiotap);
  if (!captured(0, 4)) return undecoded(status::l2_snapped);
  const std::uint32_t size = little_endian(p_->data + 2, 2), end = std::min(size, p_->captured);
  constexpr std::uint32_t time_stamp = 1, flags = 2, more_words = 0x8000'0000;
  constexpr std::uint8_t data_padding = 0x20;
  std::uint32_t at = 4, present = 0;
  bool first = true;
  for (std::uint32_t word = more_words; word & more_words && at + 4 <= end; at += 4, first = false) {
    word = little_endian(p_->data + at, 4);
    if (first) present = word;
  }
  if (present & time_stamp) at = (at + 7) / 8 * 8 + 8;
  const bool padded = present & flags && at < end && p_->data[at] & data_padding;
  return wlan(size, {.padded = padded});
}

// A data frame leads to the LLC header behind its own; all others carry nothing for a flow.
bool Dissector::wlan(std::uint32_t at, WlanForm form) {
  name(header::wlan);
  if (!captured(at, 24)) return undecoded(status::l2_snapped);
  if (!descend()) return false;
  // Access points disagree about the order that CAPWAP and LWAPP want.
  const bool swapped = form.swapped && (u8(at + 1) & 0x0f) == data_frame;
  const std::uint8_t control = u8(at + swapped), flags = u8(at + !swapped);
  if ((control & 0x0c) != data_frame || flags & is_protected) return undecoded();
  const bool quality = control & 0x80;     // of service
  if (control & 0x40) return undecoded();  // no data
  const bool both = (flags & both_ds) == both_ds;
  std::uint32_t size = both ? 30 : 24;
  const std::uint32_t quality_field = at + size;
  if (quality) size += flags & with_ht_control ? 6 : 2;
  if (!captured(at, size)) return undecoded(status::l2_snapped);
  p_->l2 = at;
  p_->destination_mac = at + (flags & to_ds ? 16 : 4);
  p_->source_mac = at + (both ? 24 : flags & from_ds ? 16 : 10);

  std::uint32_t body = at + (form.padded ? (size + 3) / 4 * 4 : size);
  constexpr std::uint8_t is_aggregate = 0x80, has_mesh_control = 0x01;
  if (quality && u8(quality_field) & is_aggregate) {  // A-MSDU: the first of its frames decides
    if (!captured(body, 14)) return undecoded(status::l2_snapped);
    macs(body);
    body += 14;
  }
  if (quality && u8(quality_field + 1) & has_mesh_control) body = mesh_control(body);
  if (!is_snap(body) && is_snap(body + 2) && u16(body) == 0) body += 2;  // padded, although nothing says so
  return llc(body, on_wire(body));
}

bool Dissector::is_snap(std::uint32_t at) const { return u32(at) >> 8 == 0xaaaa03; }

// Behind the mesh control field, if LLC follows it: access points use its bit for something else. Frames that were
// proxied have the addresses of their ends in it.
std::uint32_t Dissector::mesh_control(std::uint32_t at) {
  const std::uint32_t addresses = u8(at) & 3, behind = at + 6 + 6 * addresses;
  if (is_snap(at) || addresses == 3 || !is_snap(behind)) return at;
  if (addresses == 1) p_->source_mac = at + 6;
  if (addresses == 2) {
    p_->destination_mac = at + 6;
    p_->source_mac = at + 12;
  }
  return behind;
}

}  // namespace t2
