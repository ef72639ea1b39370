// The schema of rows: names and types of columns as headers files, flow files and other programs have them. It follows
// from the columns of the descriptors (t2/row.hpp) and is the same for all sinks. Link the library t2text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "t2/row.hpp"

namespace t2::schema {

std::string type_codes(const Column& column, bool dates = false);  // "U16:R", "MAC_MAC_U64:R"; dates: times are texts
unsigned type_number(Type type);                                   // of Tranalyzer2's binary formats
std::string type_numbers(const Column& column);                    // "9:R", "27_27_10:R": those of binary formats
std::string column_names(std::span<const Column> columns, std::string_view separator);

enum class Types { none, numbers, codes };
// Lines of a headers file, with their title: number, type, name and meaning of each column.
std::string describe(std::span<const Column> columns, Types types, bool dates = false);

}  // namespace t2::schema
