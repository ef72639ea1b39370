// The columns of geoip.
#pragma once

#include "t2/row.hpp"

namespace t2::geoip {

inline constexpr Bit stat_bits[] = {{0x02, "the databases cannot be read where they place the source"},
                                    {0x04, "the databases cannot be read where they place the destination"}};

inline constexpr Column columns[] = {
    {"srcIpContinent", "Continent of the source, code", Type::label},
    {"srcIpCountry", "Country of the source, ISO 3166 code", Type::label},
    {"srcIpCity", "City of the source", Type::text},
    {"srcIpPostcode", "Postal code of the source", Type::label},
    Column("srcIpAccuracy", "Radius in which the source is", Type::u16).in("km"),
    Column("srcIpLat", "Latitude of the source", Type::f64).in("degrees"),
    Column("srcIpLong", "Longitude of the source", Type::f64).in("degrees"),
    {"srcIpTimeZone", "Time zone of the source", Type::text},
    {"dstIpContinent", "Continent of the destination, code", Type::label},
    {"dstIpCountry", "Country of the destination, ISO 3166 code", Type::label},
    {"dstIpCity", "City of the destination", Type::text},
    {"dstIpPostcode", "Postal code of the destination", Type::label},
    Column("dstIpAccuracy", "Radius in which the destination is", Type::u16).in("km"),
    Column("dstIpLat", "Latitude of the destination", Type::f64).in("degrees"),
    Column("dstIpLong", "Longitude of the destination", Type::f64).in("degrees"),
    {"dstIpTimeZone", "Time zone of the destination", Type::text},
    Column("geoStat", "Status bits", Type::h8).with(stat_bits),
    {"srcIpASN", "Autonomous system of the source", Type::u32},
    {"srcIpASOrg", "Who runs it", Type::text},
    {"dstIpASN", "Autonomous system of the destination", Type::u32},
    {"dstIpASOrg", "Who runs it", Type::text},
};

}  // namespace t2::geoip
