// Chains of encapsulations at random: whatever carries whatever, up to eight deep, the innermost flow is found.
#include <catch2/catch.hpp>

#include <functional>
#include <random>

#include "capture.hpp"
#include "decoded.hpp"

namespace t2::test::decode_chain_test {

namespace {

// What a layer is to the one that carries it.
enum class Content { ipv4, ipv6, ethernet, mpls };

struct Layer {
  Content kind;
  Buffer bytes;
};

class Chains {
 public:
  explicit Chains(unsigned seed) : random_(seed) {}

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  Layer innermost(bool reply) {
    const auto v4 = reply ? Frame().ip4("192.168.0.2", "192.168.0.1").udp(7000, 6000)
                          : Frame().ip4("192.168.0.1", "192.168.0.2").udp(6000, 7000);
    const auto v6 = reply ? Frame().ip6("2001:db8:2::2", "2001:db8:2::1").udp(7000, 6000)
                          : Frame().ip6("2001:db8:2::1", "2001:db8:2::2").udp(6000, 7000);
    return below(2) ? Layer{Content::ipv4, Frame(v4).payload("inner12345")}
                    : Layer{Content::ipv6, Frame(v6).payload("inner12345")};
  }

  // One more encapsulation around it.
  Layer around(const Layer& inner) {
    trail += inner.kind == Content::ipv4   ? " <4"
             : inner.kind == Content::ipv6 ? " <6"
             : inner.kind == Content::mpls ? " <m"
                                           : " <e";
    const bool is_ip = inner.kind == Content::ipv4 || inner.kind == Content::ipv6;
    switch (below(is_ip ? 13 : 7)) {
      case 0: return mpls(inner);
      case 1: return over_udp(6081, geneve(inner));
      case 2: return over_ip(47, gre(inner));
      case 3: return over_udp(4790, gpe(inner));
      case 4: return over_udp(below(2) ? 4789 : 8472, hex("08000000 00002a00") + frame(inner).bytes);
      case 5: return erspan(frame(inner));
      case 6:
        return below(2) ? over_ip(97, hex("3000") + frame(inner).bytes)
                        : over_udp(5247, hex("00100000 00000000") + frame(inner).bytes);
      case 7: return over_ip(inner.kind == Content::ipv4 ? 4 : 41, inner.bytes);
      case 8: return over_udp(2152, hex("30ff0000 00000001") + inner.bytes);
      case 9: return over_udp(1701, hex("0002 0001 0002") + ppp(inner));
      case 10: return over_ip(47, hex("3001 880b 0040 0001 00000001") + ppp(inner));
      case 11:
        return over_udp(5072, hex("4452 01") + Buffer{std::uint8_t(inner.kind == Content::ipv4 ? 4 : 41)} +
                                  hex("00000000") + Buffer(36) + inner.bytes);
      default:
        return over_ip(
            51, Buffer{std::uint8_t(inner.kind == Content::ipv4 ? 4 : 41)} + hex("040000") + Buffer(20) + inner.bytes);
    }
  }

  Buffer outermost(const Layer& inner) { return frame(inner).bytes; }

  std::string trail;

 private:
  Layer over_ip(unsigned protocol, const Buffer& content) {
    trail += " ip:" + std::to_string(protocol);
    if (below(2)) return {Content::ipv4, Frame().ip4("10.0.0.1", "10.0.0.2").next(protocol).raw(content)};
    Frame f = Frame().ip6("2001:db8::1", "2001:db8::2");
    if (below(3) == 0) f.hop_by_hop();
    return {Content::ipv6, f.next(protocol).raw(content)};
  }
  Layer over_udp(unsigned port, const Buffer& content) {
    trail += " udp:" + std::to_string(port);
    Frame f = below(2) ? Frame().ip4("10.0.0.1", "10.0.0.2") : Frame().ip6("2001:db8::1", "2001:db8::2");
    const bool v4 = f.bytes()[0] >> 4 == 4;
    const bool there = below(2);
    return {v4 ? Content::ipv4 : Content::ipv6, f.udp(there ? 40000 : port, there ? port : 40000).raw(content)};
  }
  static unsigned type(Content kind) {
    switch (kind) {
      case Content::ipv4: return 0x0800;
      case Content::ipv6: return 0x86dd;
      case Content::mpls: return 0x8847;
      default: return 0x6558;
    }
  }
  static Buffer number16(unsigned value) {
    return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
  }
  Layer frame(const Layer& inner) {
    if (inner.kind == Content::ethernet) return inner;
    trail += " eth";
    Buffer header = hex("020000000002 020000000001");
    if (below(3) == 0) header = header + hex("8100 0007");
    if (below(4) == 0 && type(inner.kind) < 0x8847)
      return {Content::ethernet, header + hex("8864 1100 0001 0040") + ppp(inner)};
    return {Content::ethernet, header + number16(type(inner.kind)) + inner.bytes};
  }
  Layer mpls(const Layer& inner) {
    trail += " mpls";
    if (inner.kind == Content::mpls) return inner;
    const Buffer labels = below(2) ? hex("00010140") : hex("00010040 00020140");
    const Buffer control = inner.kind == Content::ethernet && below(2) ? Buffer(4) : Buffer();
    const Layer stack{Content::mpls, labels + control + inner.bytes};
    switch (below(3)) {
      case 0: return over_ip(137, stack.bytes);
      case 1: {
        trail += " udp";
        return below(2)
                   ? Layer{Content::ipv4, Frame().ip4("10.0.0.1", "10.0.0.2").udp(50000, 6635).raw(stack.bytes)}
                   : Layer{Content::ipv6, Frame().ip6("2001:db8::1", "2001:db8::2").udp(50000, 6635).raw(stack.bytes)};
      }
      default: return stack;
    }
  }
  Buffer gre(const Layer& inner) {
    const Buffer t = number16(type(inner.kind));
    switch (below(3)) {
      case 0: return hex("0000") + t + inner.bytes;
      case 1: return hex("2000") + t + hex("00000001") + inner.bytes;
      default: return hex("b000") + t + hex("00000000 00000001 00000002") + inner.bytes;
    }
  }
  Layer erspan(const Layer& inner) {
    switch (below(3)) {
      case 0: return over_ip(47, hex("0000 88be") + inner.bytes);
      case 1: return over_ip(47, hex("1000 88be 00000001 1001000000000000") + inner.bytes);
      default: return over_ip(47, hex("1000 22eb 00000001 2001000000000000 00000000") + inner.bytes);
    }
  }
  Buffer geneve(const Layer& inner) {
    return below(2) ? hex("0000") + number16(type(inner.kind)) + hex("00002a00") + inner.bytes
                    : hex("0200") + number16(type(inner.kind)) + hex("ff002a00 0102030400000001") + inner.bytes;
  }
  Buffer gpe(const Layer& inner) {
    constexpr std::uint8_t numbers[] = {1, 2, 3, 5};
    const Buffer next{numbers[static_cast<unsigned>(inner.kind)]};
    if (below(2)) return hex("0c0000") + next + hex("00002a00") + inner.bytes;
    return hex("0c000004 00002a00 000201") + next + hex("00000000") + inner.bytes;
  }
  Buffer ppp(const Layer& inner) {
    trail += " ppp";
    const bool v4 = inner.kind == Content::ipv4;
    const Buffer address = below(2) ? hex("ff03") : Buffer();
    const Buffer protocol = below(2) ? Buffer{0} : Buffer();
    return address + protocol + Buffer{std::uint8_t(v4 ? 0x21 : 0x57)} + inner.bytes;
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("decode: the innermost flow of every chain of encapsulations", "[decode]") {
  for (unsigned seed = 0; seed < (sanitized ? 4'000u : 20'000u); ++seed) {
    Chains chains(seed);
    const bool reply = chains.below(2);
    Layer layer = chains.innermost(reply);
    const bool v4 = layer.kind == Content::ipv4;
    for (unsigned depth = chains.below(8) + 1; depth > 0; --depth) layer = chains.around(layer);
    const Buffer frame = chains.outermost(layer);
    const std::string ends =
        v4 ? (reply ? "192.168.0.2:7000 192.168.0.1:6000" : "192.168.0.1:6000 192.168.0.2:7000")
           : (reply ? "2001:db8:2::2:7000 2001:db8:2::1:6000" : "2001:db8:2::1:6000 2001:db8:2::2:7000");
    const Decoded d = decode(1, frame);
    if (d.flow.rfind(ends + " 17 l7 10", 0) == 0) continue;
    FAIL_CHECK("chain " << seed << " (from the inside):" << chains.trail << "\n  is " << d.flow << "\n  as "
                        << d.headers);
  }
}

TEST_CASE("decode: deeper than the bound, the innermost header that was reached makes the flow", "[decode]") {
  for (const unsigned depth : {max_depth - 2, max_depth - 1, max_depth, 60u}) {
    Buffer content = inner4();
    for (unsigned i = 1; i < depth; ++i) content = Frame().ip4("10.0.0.1", "10.0.0.2").next(4).raw(content);
    const Decoded d = decode(1, ethernet().next(0x0800).raw(content));
    INFO(depth);
    CHECK(d.has_flow);
    CHECK(((d.packet.status & status::stopped) != 0) == (depth >= max_depth));  // the outer frame counts
    CHECK(d.flow.substr(0, 8) == (depth >= max_depth ? "10.0.0.1" : "192.168."));
  }
}

}  // namespace t2::test::decode_chain_test
