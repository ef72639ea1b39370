// Writes lines, and JSON (RFC 8259).
#include "app/report_output.hpp"

#include <cctype>

#include <fmt/format.h>

namespace t2 {

void TextReport::fact(std::string_view label, const std::string& text, const std::string&, std::string_view separator) {
  log_.line(fmt::format("{}{}{}", label, separator, text));
}

void TextReport::note(bool warning, std::string_view text) {
  if (warning) log_.warn(text);
  else log_.info(text);
}

void JsonReport::fact(std::string_view label, const std::string&, const std::string& json, std::string_view) {
  std::string name;
  for (const char c : label) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!name.empty() && name.back() != '_') name += '_';
  }
  while (name.ends_with('_')) name.pop_back();
  facts_.emplace_back(std::move(name), json);
}

void JsonReport::plugin(std::string_view name, std::string_view line) {
  if (plugins_.empty() || plugins_.back().first != name) plugins_.emplace_back(name, std::vector<std::string>());
  plugins_.back().second.emplace_back(line);
}

std::string json_text(std::string_view text) {
  std::string made = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') made += '\\', made += c;
    else if (static_cast<unsigned char>(c) < ' ') made += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else made += c;
  }
  return made + '"';
}

namespace {

std::string json_list(const std::vector<std::string>& lines) {
  std::string made;
  for (const std::string& line : lines) made += (made.empty() ? "" : ",") + json_text(line);
  return "[" + made + "]";
}

}  // namespace

std::string JsonReport::object() const {
  std::string made = "{";
  for (const auto& [name, value] : facts_) made += fmt::format("\"{}\":{},", name, value);
  std::string lines;
  for (const auto& [plugin, list] : plugins_)
    lines += fmt::format("{}{}:{}", lines.empty() ? "" : ",", json_text(plugin), json_list(list));
  return made + fmt::format("\"plugins\":{{{}}},\"warnings\":{},\"notes\":{}}}", lines, json_list(warnings_),
                            json_list(notes_));
}

}  // namespace t2
