// Datagrams that leave with one system call. Datagrams of one size can go to the kernel in one piece, which it cuts
// apart (UDP_SEGMENT). Used by the output thread; never blocks longer than the socket does, and allocates nothing.
#pragma once

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace t2::netflow_sink {

constexpr unsigned max_batch = 32;  // messages

struct QueuedMessage {
  std::vector<std::uint8_t> bytes;
  unsigned records = 0;         // 0: templates or options
  std::size_t buffer_cost = 0;  // bytes that the collector's receive buffer is charged; 0: that buffer is not watched
};

// The control message that tells the kernel into how long datagrams to cut a piece; the last one may be shorter.
class SegmentSize {
 public:
  void attach(msghdr& piece, std::size_t size) {
    piece.msg_control = control_;
    piece.msg_controllen = sizeof control_;
    cmsghdr* head = CMSG_FIRSTHDR(&piece);
    head->cmsg_level = SOL_UDP;
    head->cmsg_type = UDP_SEGMENT;
    head->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto bytes = static_cast<std::uint16_t>(size);
    std::memcpy(CMSG_DATA(head), &bytes, sizeof bytes);
  }

 private:
  alignas(cmsghdr) std::uint8_t control_[CMSG_SPACE(sizeof(std::uint16_t))] = {};
};

class SendBatch {
 public:
  void clear() { pieces_ = messages_ = sent_ = 0; }
  bool done() const { return sent_ == pieces_; }

  // Adds a piece: one message, or several of one size. They stay where they are until they were sent.
  void add(std::span<QueuedMessage> messages) {
    mmsghdr& header = headers_[pieces_];
    header = {};
    header.msg_hdr.msg_iov = &parts_[messages_];
    header.msg_hdr.msg_iovlen = messages.size();
    if (messages.size() > 1) segment_sizes_[pieces_].attach(header.msg_hdr, messages.front().bytes.size());
    for (QueuedMessage& m : messages) parts_[messages_++] = {m.bytes.data(), m.bytes.size()};
    ++pieces_;
  }

  // Messages that the kernel accepted; 0: none, because of the error in errno.
  unsigned send(int socket) {
    int n;
    do {
      n = sendmmsg(socket, &headers_[sent_], pieces_ - sent_, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    unsigned accepted = 0;
    for (; n > 0; --n) accepted += skip();
    return accepted;
  }

  // Leaves out the next piece. Messages in it.
  unsigned skip() { return static_cast<unsigned>(headers_[sent_++].msg_hdr.msg_iovlen); }

 private:
  std::array<mmsghdr, max_batch> headers_{};  // of the pieces, as sendmmsg() reads them
  std::array<SegmentSize, max_batch> segment_sizes_;
  std::array<iovec, max_batch> parts_{};  // of the messages
  unsigned pieces_ = 0, messages_ = 0, sent_ = 0;
};

}  // namespace t2::netflow_sink
