// The columns of httpSniffer.
#pragma once

#include "bit_tables.hpp"

namespace t2::http_sniffer {

inline constexpr Column status_columns[] = {
    Column("httpStat", "Status bits", Type::h16).with(stat_bits),
    Column("httpAFlags", "What is remarkable, bits", Type::h16).with(anomaly_bits),
    Column("httpMethods", "Methods of requests, bits", Type::h8).with(method_bits),
    Column("httpHeadMimes", "Kinds of Content-Type, bits", Type::h16).with(mime_bits),
    Column("httpCFlags", "What bodies are, bits", Type::h16).with(content_bits),
};

inline constexpr Column columns[] = {
    status_columns[0],
    status_columns[1],
    status_columns[2],
    status_columns[3],
    status_columns[4],
    {"httpGet_Post", "Requests with GET and with POST", Type::u16, Type::u16},
    {"httpRSCnt", "Distinct return codes", Type::u16},
    Column("httpRSCode", "Return codes", Type::u16).repeated(),
    {"httpURL_Via_Loc_Srv_Pwr_UAg_XFr_Ref_Cky_Mim", "Entries of these lists", Type::u16, Type::u16, Type::u16,
     Type::u16, Type::u16, Type::u16, Type::u16, Type::u16, Type::u16, Type::u16},
    {"httpImg_Vid_Aud_Msg_Txt_App_Unk", "Bodies, by their Content-Type", Type::u16, Type::u16, Type::u16, Type::u16,
     Type::u16, Type::u16, Type::u16},
    Column("httpHosts", "Host", Type::text).repeated(),
    Column("httpURL", "URLs that were asked for", Type::text).repeated(),
    Column("httpMimes", "Content-Type, without parameters", Type::text).repeated(),
    Column("httpCookies", "Cookie", Type::text).repeated(),
    Column("httpImages", "Names of bodies: images", Type::text).repeated(),
    Column("httpVideos", "Names of bodies: video", Type::text).repeated(),
    Column("httpAudios", "Names of bodies: audio", Type::text).repeated(),
    Column("httpMsgs", "Names of bodies: messages", Type::text).repeated(),
    Column("httpAppl", "Names of bodies: applications", Type::text).repeated(),
    Column("httpText", "Names of bodies: text", Type::text).repeated(),
    Column("httpPunk", "Names of bodies: others", Type::text).repeated(),
    Column("httpBdyURL", "URLs to which text sends the browser on by Refresh", Type::text).repeated(),
    Column("httpUsrAg", "User-Agent", Type::text).repeated(),
    Column("httpXFor", "X-Forwarded-For", Type::text).repeated(),
    Column("httpRefrr", "Referer", Type::text).repeated(),
    Column("httpVia", "Via", Type::text).repeated(),
    Column("httpLoc", "Location", Type::text).repeated(),
    Column("httpServ", "Server", Type::text).repeated(),
    Column("httpPwr", "X-Powered-By", Type::text).repeated(),
    Column("httpVers", "Protocols, bits", Type::h8).with(version_bits),
    {"httpReq_Resp", "Requests and responses", Type::u32, Type::u32},
    Column("httpBodyBytes", "Content of all bodies", Type::u64).in("bytes"),
    Column("httpOtherMeth", "Methods that httpMethods has no bit for", Type::text).repeated(),
    Column("httpSetCky", "Set-Cookie", Type::text).repeated(),
};

}  // namespace t2::http_sniffer
