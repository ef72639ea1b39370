// --anonymise: what leaves a worker for the sinks has pseudonyms in place of addresses. Used by the worker's thread.
//
// Columns are changed by their types, whatever plugin they are of, texts where they have addresses. What sinks' own
// plugins take from a flow (NetFlow records, for example) they read from one whose addresses are pseudonyms while they
// do.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "output/crypto_pan.hpp"
#include "t2/plugin.hpp"

namespace t2 {

class RowAnonymiser {
 public:
  RowAnonymiser(const AnonymisationKey& key, std::vector<Column> flow_columns, std::vector<Column> packet_columns)
      : names_(key), flow_columns_(std::move(flow_columns)), packet_columns_(std::move(packet_columns)) {}

  // Rows as plugins wrote them, from byte `begin` on: they have all columns.
  void flow(Row& row, std::size_t begin) { replace(flow_columns_, row, begin); }
  void packet(Row& row, std::size_t begin) { replace(packet_columns_, row, begin); }

  // The flow has pseudonyms as long as this object exists.
  class Masked {
   public:
    Masked(RowAnonymiser& by, const EndedFlow& ended);
    ~Masked();
    Masked(const Masked&) = delete;
    Masked& operator=(const Masked&) = delete;

   private:
    Flow& flow_;
    Direction* directions_[2];  // the second one: null if there is none
    Key key_;
    std::uint8_t macs_[2][12];
  };

 private:
  void replace(std::span<const Column> columns, Row& row, std::size_t begin);
  std::uint8_t* replace(Type type, bool address, std::uint8_t* value);
  std::uint8_t* replace_text(std::uint8_t* value);

  CryptoPan names_;
  std::vector<Column> flow_columns_, packet_columns_;
  std::string text_;
  // Of a row with a text that changed: its new bytes, and where it goes on in the old ones.
  std::vector<std::uint8_t> changed_;
  const std::uint8_t* rest_ = nullptr;
};

}  // namespace t2
