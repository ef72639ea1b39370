// The columns of nDPI.
#pragma once

#include "bit_tables.hpp"

namespace t2::ndpi {

inline constexpr Column packet_columns[] = {{"nDPIclass", "Application, as known so far", Type::label}};

inline constexpr Column columns[] = {
    {"nDPIclass", "Application", Type::text},
    {"nDPICat", "Category of the application", Type::text},
    {"nDPIConf", "What the application is known by", Type::text},
    Column("nDPIRisk", "Risks, bits", Type::h64).with(risk_bits),
    Column("nDPIPkts", "Packets that were looked at, both directions", Type::u16).in("packets"),
};

}  // namespace t2::ndpi
