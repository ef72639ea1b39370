// What the bits of httpSniffer's columns say: for t2 --describe and tawk -V.
#pragma once

#include "t2/row.hpp"

namespace t2::http_sniffer {

inline constexpr Bit stat_bits[] = {{0x0001, "a list is full"},
                                    {0x0002, "a text was cut"},
                                    {0x0004, "a URL was asked for"},
                                    {0x0008, "HTTP or SIP"},
                                    {0x0010, "chunked body"},
                                    {0x0020, "messages were read"},
                                    {0x0040, "headers of messages only"}};
inline constexpr Bit anomaly_bits[] = {{0x0001, "POST with a query in its URL"},
                                       {0x0002, "the host is an IPv4 address"},
                                       {0x0020, "a line, a length or a chunk that cannot be right"},
                                       {0x0040, "empty Content-Type"},
                                       {0x0100, "X-XSS-Protection"},
                                       {0x0200, "Content-Security-Policy"},
                                       {0x0400, "DNT: 1"},
                                       {0x1000, "body begins as a program of Windows or DOS"},
                                       {0x2000, "body begins as an ELF file"},
                                       {0x4000, "HTTP/1.0"}};
inline constexpr Bit method_bits[] = {{0x01, "OPTIONS"}, {0x02, "GET"},    {0x04, "HEAD"},  {0x08, "POST"},
                                      {0x10, "PUT"},     {0x20, "DELETE"}, {0x40, "TRACE"}, {0x80, "CONNECT"}};
inline constexpr Bit mime_bits[] = {{0x0001, "application"}, {0x0002, "audio"},  {0x0004, "image"},
                                    {0x0008, "message"},     {0x0010, "model"},  {0x0020, "multipart"},
                                    {0x0040, "text"},        {0x0080, "video"},  {0x0100, "vnd"},
                                    {0x0200, "x"},           {0x0400, "x-pkcs"}, {0x8000, "others"}};
inline constexpr Bit content_bits[] = {{0x0002, "text that sends the browser on by Refresh"},
                                       {0x0008, "multipart with a boundary"},
                                       {0x0010, "HTTP or SIP"},
                                       {0x0020, "playlist of streams"}};
inline constexpr Bit version_bits[] = {{0x01, "HTTP/1.0"},
                                       {0x02, "HTTP/1.1"},
                                       {0x04, "HTTP/2, by prior knowledge or by Upgrade"},
                                       {0x08, "SIP/2.0"},
                                       {0x10, "another protocol, by Upgrade or CONNECT"}};

}  // namespace t2::http_sniffer
