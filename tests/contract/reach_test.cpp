// What plugins can reach through the contract's headers, and what they cannot: judged when this file is compiled.
#include "t2/plugin.hpp"

#if defined(ETH_ACTIVATE) || defined(IPV6_ACTIVATE) || defined(PACKETLENGTH) || defined(VERBOSE)
#error "the contract's headers hand the core's flags to plugins as macros without a prefix"
#endif

#include <catch2/catch.hpp>

#include <type_traits>

namespace t2::test::reach_test {

namespace {

#define T2_TEST_REACHABLE(field)                   \
  template <class T>                               \
  concept reaches_##field = requires(T & object) { \
    object.field;                                  \
  }

T2_TEST_REACHABLE(directions);
T2_TEST_REACHABLE(due);
T2_TEST_REACHABLE(allocations);
T2_TEST_REACHABLE(tag);
T2_TEST_REACHABLE(record);
T2_TEST_REACHABLE(wheel_slot);
T2_TEST_REACHABLE(wheel_bucket);
T2_TEST_REACHABLE(initiator);
T2_TEST_REACHABLE(detached);
T2_TEST_REACHABLE(ended_early);
T2_TEST_REACHABLE(timeout_shortened);
T2_TEST_REACHABLE(timeout);
T2_TEST_REACHABLE(last_ip_id);
T2_TEST_REACHABLE(datagram);
T2_TEST_REACHABLE(key);
T2_TEST_REACHABLE(packets);

}  // namespace

TEST_CASE("contract: index and timer fields are the core's own", "[contract]") {
  STATIC_REQUIRE_FALSE(reaches_directions<Flow>);
  STATIC_REQUIRE_FALSE(reaches_due<Flow>);
  STATIC_REQUIRE_FALSE(reaches_allocations<Flow>);
  STATIC_REQUIRE_FALSE(reaches_tag<Flow>);
  STATIC_REQUIRE_FALSE(reaches_record<Flow>);
  STATIC_REQUIRE_FALSE(reaches_wheel_slot<Flow>);
  STATIC_REQUIRE_FALSE(reaches_wheel_bucket<Flow>);
  STATIC_REQUIRE_FALSE(reaches_initiator<Flow>);
  STATIC_REQUIRE_FALSE(reaches_detached<Flow>);
  STATIC_REQUIRE_FALSE(reaches_ended_early<Flow>);
  STATIC_REQUIRE_FALSE(reaches_timeout_shortened<Flow>);
  STATIC_REQUIRE_FALSE(reaches_timeout<Direction>);
  STATIC_REQUIRE_FALSE(reaches_last_ip_id<Direction>);
  STATIC_REQUIRE_FALSE(reaches_datagram<Direction>);
  STATIC_REQUIRE(reaches_key<Flow>);
  STATIC_REQUIRE(reaches_packets<Direction>);
}

TEST_CASE("contract: plugins get flows and directions to look at", "[contract]") {
  STATIC_REQUIRE(std::is_same_v<decltype(Packet::flow), const Flow*>);
  STATIC_REQUIRE(std::is_same_v<decltype(Packet::own), const Direction*>);
  STATIC_REQUIRE(std::is_same_v<decltype(Packet::other), const Direction*>);
  STATIC_REQUIRE(std::is_same_v<decltype(EndedFlow::flow), const Flow&>);
  STATIC_REQUIRE(std::is_same_v<decltype(EndedFlow::own), const Direction&>);
  STATIC_REQUIRE(std::is_same_v<decltype(EndedFlow::other), const Direction*>);
}

}  // namespace t2::test::reach_test
