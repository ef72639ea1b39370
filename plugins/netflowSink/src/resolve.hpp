// Resolves a collector's name, once, when t2 starts: the resolver may block.
#pragma once

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "collector_address.hpp"
#include "setting.hpp"

namespace t2::netflow_sink {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// Throws t2::Error for a name without addresses.
inline AddressList resolve(const CollectorAddress& collector, int socket_type) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = socket_type;
  hints.ai_flags = AI_NUMERICSERV;
  const int error = getaddrinfo(collector.host.c_str(), std::to_string(collector.port).c_str(), &hints, &list);
  if (error != 0) {
    throw setting_error("cannot find the collector '" + collector.host + "' (" +
                        (error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error)) +
                        "): set NF_SERVADD to its name or address");
  }
  return {list, &freeaddrinfo};
}

}  // namespace t2::netflow_sink
