// The columns of descriptiveStats.
#pragma once

#include "t2/row.hpp"

namespace t2::descriptive_stats {

inline constexpr Column columns[] = {
    Column("dsMinPl", "Smallest length", Type::f32).in("bytes"),
    Column("dsMaxPl", "Largest length", Type::f32).in("bytes"),
    Column("dsMeanPl", "Mean of the lengths", Type::f32).in("bytes"),
    Column("dsLowQuartilePl", "Lower quartile of the lengths", Type::f32).in("bytes"),
    Column("dsMedianPl", "Median of the lengths", Type::f32).in("bytes"),
    Column("dsUppQuartilePl", "Upper quartile of the lengths", Type::f32).in("bytes"),
    Column("dsIqdPl", "Upper minus lower quartile of the lengths", Type::f32).in("bytes"),
    Column("dsModePl", "Most frequent length", Type::f32).in("bytes"),
    Column("dsRangePl", "Largest minus smallest length", Type::f32).in("bytes"),
    Column("dsStdPl", "Standard deviation of the lengths", Type::f32).in("bytes"),
    Column("dsRobStdPl", "The smaller one of it and 0.7413 quartile distances", Type::f32).in("bytes"),
    {"dsSkewPl", "Skewness of the lengths", Type::f32},
    {"dsExcPl", "Excess kurtosis of the lengths", Type::f32},
    Column("dsMinIat", "Smallest interval", Type::f32).in("ms"),
    Column("dsMaxIat", "Largest interval", Type::f32).in("ms"),
    Column("dsMeanIat", "Mean of the intervals", Type::f32).in("ms"),
    Column("dsLowQuartileIat", "Lower quartile of the intervals", Type::f32).in("ms"),
    Column("dsMedianIat", "Median of the intervals", Type::f32).in("ms"),
    Column("dsUppQuartileIat", "Upper quartile of the intervals", Type::f32).in("ms"),
    Column("dsIqdIat", "Upper minus lower quartile of the intervals", Type::f32).in("ms"),
    Column("dsModeIat", "Most frequent interval", Type::f32).in("ms"),
    Column("dsRangeIat", "Largest minus smallest interval", Type::f32).in("ms"),
    Column("dsStdIat", "Standard deviation of the intervals", Type::f32).in("ms"),
    Column("dsRobStdIat", "The smaller one of it and 0.7413 quartile distances", Type::f32).in("ms"),
    {"dsSkewIat", "Skewness of the intervals", Type::f32},
    {"dsExcIat", "Excess kurtosis of the intervals", Type::f32},
};

}  // namespace t2::descriptive_stats
