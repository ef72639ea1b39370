// The columns of macRecorder: which there are under the flags.
#pragma once

#include "macRecorder_config.hpp"
#include "t2/flags.hpp"

namespace t2::mac_recorder {

using config::LabelForm;
using config::MacForm;

inline constexpr Type mac_type = config::mac_form == MacForm::hex       ? Type::h64
                                 : config::mac_form == MacForm::address ? Type::mac
                                                                        : Type::u64;
inline constexpr Type label_type = config::label_form == LabelForm::number       ? Type::u32
                                   : config::label_form == LabelForm::short_name ? Type::label
                                                                                 : Type::text;
inline constexpr Type packet_label_type = config::label_form == LabelForm::number ? Type::u32 : Type::label;

inline constexpr Bit status_bits[] = {{0x01, "there were more pairs than MR_MAX_MAC, or than memory"}};

inline constexpr ColumnIf column_table[] = {
    {Column("macStat", "macRecorder status: 0x01: there were more pairs", Type::h8).with(status_bits)},
    {{"macPairs", "Number of source and destination MAC pairs", Type::u32}, config::pair_count},
    {Column("srcMac_dstMac_numP", "Source and destination MAC address, packets", mac_type, mac_type, Type::u64)
         .repeated()
         .addresses(config::mac_form == MacForm::address ? 0 : 2)},
    {Column("srcMacLbl_dstMacLbl", "Source and destination MAC label", label_type, label_type).repeated(),
     config::labels},
};
inline constexpr auto columns = present_columns<column_table>();

// With -s.
inline constexpr ColumnIf packet_column_table[] = {
    {Column("srcMacLbl", "Source MAC label", packet_label_type).repeated(), config::labels},
    {Column("dstMacLbl", "Destination MAC label", packet_label_type).repeated(), config::labels},
};
inline constexpr auto packet_columns = present_columns<packet_column_table>();

}  // namespace t2::mac_recorder
