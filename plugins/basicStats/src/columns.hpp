// The columns of basicStats: which there are under the flags.
#pragma once

#include "basicStats_config.hpp"
#include "t2/config.hpp"
#include "t2/flags.hpp"

namespace t2::basic_stats {

// The layer whose length is counted stands in column names: "l?BytesSnt" becomes "l7BytesSnt".
template <std::size_t size>
struct LayerName {
  // NOLINTNEXTLINE(google-explicit-constructor): a literal, as it is written in the table, becomes one
  constexpr LayerName(const char (&pattern)[size]) {
    constexpr char layer = "2347"[t2::config::packetlength];
    for (std::size_t i = 0; i < size; ++i) text[i] = pattern[i] == '?' ? layer : pattern[i];
  }
  char text[size]{};
};
template <LayerName name>
inline constexpr std::string_view layer_name{name.text};

inline constexpr ColumnIf column_table[] = {
    {Column("pktsSnt", "Number of transmitted packets", Type::u64).in("packets")},
    {Column("pktsRcvd", "Number of received packets", Type::u64).in("packets"), config::received},
    {Column("pktsRTAggr", "Number of received and transmitted packets", Type::u64).in("packets"), config::sums},
    {Column("padBytesSnt", "Number of transmitted padding bytes", Type::i64).in("bytes"), config::padding},
    {Column(layer_name<"l?BytesSnt">, "Number of transmitted bytes", Type::u64).in("bytes")},
    {Column(layer_name<"l?BytesRcvd">, "Number of received bytes", Type::u64).in("bytes"), config::received},
    {Column(layer_name<"l?BytesRTAggr">, "Number of received and transmitted bytes", Type::u64).in("bytes"),
     config::sums},
    {Column(layer_name<"minL?PktSz">, "Smallest packet size", Type::u16).in("bytes"), config::lengths},
    {Column(layer_name<"maxL?PktSz">, "Largest packet size", Type::u16).in("bytes"), config::lengths},
    {Column(layer_name<"avgL?PktSz">, "Average packet size", Type::f32).in("bytes"), config::lengths},
    {Column(layer_name<"stdL?PktSz">, "Standard deviation of the packet size", Type::f32).in("bytes"),
     config::lengths&& config::deviation},
    {Column(layer_name<"varL?PktSz">, "Variance of the packet size", Type::f32).in("bytes^2"),
     config::lengths&& config::variance},
    {{layer_name<"skewL?PktSz">, "Skewness of the packet size", Type::f32}, config::lengths&& config::higher_moments},
    {{layer_name<"kurL?PktSz">, "Kurtosis of the packet size", Type::f32}, config::lengths&& config::higher_moments},
    {Column("minIAT", "Smallest inter-arrival time", Type::f32).in("s"), config::intervals},
    {Column("maxIAT", "Largest inter-arrival time", Type::f32).in("s"), config::intervals},
    {Column("avgIAT", "Average inter-arrival time", Type::f32).in("s"), config::intervals},
    {Column("stdIAT", "Standard deviation of the inter-arrival time", Type::f32).in("s"),
     config::intervals&& config::deviation},
    {Column("varIAT", "Variance of the inter-arrival time", Type::f32).in("s^2"), config::intervals&& config::variance},
    {{"skewIAT", "Skewness of the inter-arrival time", Type::f32}, config::intervals&& config::higher_moments},
    {{"kurIAT", "Kurtosis of the inter-arrival time", Type::f32}, config::intervals&& config::higher_moments},
    {Column("pktps", "Packets sent per second", Type::f32).in("packets/s"), config::statistics},
    {Column("bytps", "Bytes sent per second", Type::f32).in("bytes/s"), config::statistics},
    {{"pktAsm", "Packet asymmetry", Type::f32}, config::statistics},
    {{"bytAsm", "Byte asymmetry", Type::f32}, config::statistics},
};
inline constexpr auto columns = present_columns<column_table>();

// With -s.
inline constexpr ColumnIf packet_column_table[] = {
    {Column("pktLen", "Length of the frame", Type::u32).in("bytes")},
    {Column("snapL3Len", "Captured bytes from layer 3 on", Type::u32).in("bytes")},
    {Column("snapL4Len", "Captured bytes from layer 4 on", Type::u32).in("bytes")},
    {Column("snapL7Len", "Captured bytes of layer 7", Type::u32).in("bytes")},
    {Column("l3Len", "Length of layer 3", Type::u32).in("bytes")},
    {Column("udpLen", "Length field of UDP", Type::u16).in("bytes")},
    {Column("l7Len", "Length of layer 7", Type::u32).in("bytes")},
    {Column("pktLenMod", "Packet length modulo BS_MOD", Type::u32).in("bytes"), config::modulus != 0},
    {Column("padLen", "Padding bytes", Type::u32).in("bytes")},
};
inline constexpr auto packet_columns = present_columns<packet_column_table>();

}  // namespace t2::basic_stats
