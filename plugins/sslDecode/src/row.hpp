// The row of a direction: its session, or the values of a direction without one.
#pragma once

#include "descriptions.hpp"
#include "session.hpp"

namespace t2::ssl_decode {

// `version`: of the connection. `other`: session of the other direction, whose server name counts for both.
void put_columns(Row& row, const Session* session, const Session* other, std::uint16_t version, const Descriptions& ja3,
                 const Descriptions& ja4);

}  // namespace t2::ssl_decode
