// The forms of the end report: lines of the log, or one JSON object.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"

namespace t2 {

class ReportOutput {
 public:
  virtual ~ReportOutput() = default;
  // `label`: as it stands in the text. `json`: the value as JSON.
  virtual void fact(std::string_view label, const std::string& text, const std::string& json,
                    std::string_view separator = ": ") = 0;
  virtual void rule(char c) = 0;
  virtual void text(std::string_view /*lines*/) {}    // what only readers of text want
  virtual bool wants_zeros() const { return false; }  // counts of 0, too
  virtual void plugin(std::string_view name, std::string_view line) = 0;
  virtual void note(bool warning, std::string_view text) = 0;
};

class TextReport final : public ReportOutput {
 public:
  explicit TextReport(Log& log) : log_(log) {}
  void fact(std::string_view label, const std::string& text, const std::string&, std::string_view separator) override;
  void rule(char c) override { log_.line(std::string(80, c)); }
  void text(std::string_view lines) override { log_.line(lines); }
  void plugin(std::string_view name, std::string_view line) override { log_.plugin(name, line); }
  void note(bool warning, std::string_view text) override;

 private:
  Log& log_;
};

// Labels become names: small letters and digits, joined by '_'.
class JsonReport final : public ReportOutput {
 public:
  void fact(std::string_view label, const std::string& text, const std::string& json, std::string_view) override;
  void rule(char) override {}
  bool wants_zeros() const override { return true; }  // every report has the same names
  void plugin(std::string_view name, std::string_view line) override;
  void note(bool warning, std::string_view text) override { (warning ? warnings_ : notes_).emplace_back(text); }
  std::string object() const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_;  // name, value
  std::vector<std::pair<std::string, std::vector<std::string>>> plugins_;
  std::vector<std::string> warnings_, notes_;
};

std::string json_text(std::string_view text);  // in quotes

}  // namespace t2
