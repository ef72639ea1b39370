// Addresses of a collector's name.
#pragma once

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "collector_address.hpp"
#include "t2/plugin.hpp"

namespace t2::netflow_sink {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

inline AddressList resolve(const CollectorAddress& collector, int socket_type) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = socket_type;
  hints.ai_flags = AI_NUMERICSERV;
  const int problem = getaddrinfo(collector.host.c_str(), std::to_string(collector.port).c_str(), &hints, &list);
  if (problem != 0) {
    throw t2::Error("netflowSink: cannot find the collector '" + collector.host + "' (" +
                    (problem == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(problem)) +
                    "): set NF_SERVADD to its name or address");
  }
  return {list, &freeaddrinfo};
}

}  // namespace t2::netflow_sink
