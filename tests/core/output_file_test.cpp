// The files that the program writes: what they hold after disks were full, files removed and readers slow.
#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/output_file.hpp"
#include "run.hpp"
#include "t2/error.hpp"

namespace t2::test::output_file_test {

namespace {

namespace fs = std::filesystem;

// Where a child process limits the size of its files, writing fails as on a full disk.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) { set(bytes); }
  ~SizeLimit() { set(RLIM_INFINITY); }
  void set(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = std::min(bytes, limit.rlim_max);
    setrlimit(RLIMIT_FSIZE, &limit);
  }
};

std::string unpacked(const fs::path& path, Compression form) {
  if (form == Compression::none) return read_file(path);
  if (form == Compression::zstd) {
    const std::string packed = read_file(path);
    std::string text, piece(1 << 22, '\0');
    for (std::size_t at = 0; at < packed.size();) {
      const std::size_t size = ZSTD_findFrameCompressedSize(packed.data() + at, packed.size() - at);
      REQUIRE_FALSE(ZSTD_isError(size));  // the last frame is complete
      const std::size_t made = ZSTD_decompress(piece.data(), piece.size(), packed.data() + at, size);
      REQUIRE_FALSE(ZSTD_isError(made));
      text.append(piece, 0, made);
      at += size;
    }
    return text;
  }
  const gzFile in = gzopen(path.c_str(), "rb");
  std::string text(1 << 22, '\0');
  text.resize(static_cast<std::size_t>(std::max(0, gzread(in, text.data(), static_cast<unsigned>(text.size())))));
  CHECK(gzclose(in) == Z_OK);  // the last member is complete
  return text;
}

// Standard error while it lives.
class Errors {  // through a pipe, whose size is not limited like that of files
 public:
  Errors() : before_(dup(STDERR_FILENO)) {
    int ends[2];
    REQUIRE(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    said_ = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
  }
  ~Errors() {
    dup2(before_, STDERR_FILENO);
    close(before_), close(said_);
  }
  const std::string& text() const {
    char piece[4096];
    for (ssize_t n; (n = read(said_, piece, sizeof piece)) > 0;) text_.append(piece, static_cast<std::size_t>(n));
    return text_;
  }
  std::ptrdiff_t lines() const {
    const std::string& all = text();
    return std::count(all.begin(), all.end(), '\n');
  }

 private:
  int before_, said_ = -1;
  mutable std::string text_;
};

std::string row(int number) { return "row " + std::to_string(number) + std::string(50, '.') + "\n"; }

}  // namespace

TEST_CASE("output file: rows in pieces, longer than the buffer, and written over", "[output]") {
  const TempFolder folder;
  RowFile file(create_output_file({.path = (folder / "rows").string(), .header = "% 0000\n"}));
  const std::string large(3 << 20, 'x');
  file.put_row(large + "\n");
  file.put_row("end\n");
  CHECK(file.replace(2, "42"));
  file.close();
  CHECK(file.lost() == 0);
  CHECK((read_file(folder / "rows") == "% 4200\n" + large + "\nend\n"));
}

TEST_CASE("output file: a separator stands between rows, whatever was lost", "[output]") {
  const TempFolder folder;
  const Errors errors;
  const fs::path path = folder / "rows";
  RowFile file(create_output_file({.path = path.string(), .header = "[\n", .separator = ','}));
  const auto put = [&](int number) {
    file.put_row("," + row(number));
    file.flush();
  };
  {
    SizeLimit limit(500);  // the messages have room
    file.put_row("," + std::string(1000, 'x') + "\n");
    file.flush();
  }
  put(1), put(2);
  CHECK((read_file(path) == "[\n" + row(1) + "," + row(2)));
  fs::remove(path);
  put(3), put(4);
  file.put("]\n");
  file.close();
  CHECK((read_file(path) == "[\n" + row(3) + "," + row(4) + "]\n"));
  CHECK(file.lost() == 3);
}

TEST_CASE("output file: binary pieces are there as a whole or lost", "[output]") {
  const TempFolder folder;
  const Errors errors;
  const fs::path path = folder / "packets", made = folder / "packets.part";
  const std::string header("\0\n\1", 3), piece = std::string("\n\0\n", 3) + std::string(100, '\n');
  RowFile file(create_output_file({.path = path.string(), .header = header, .in_parts = true, .lines = false}));
  file.put_row(piece);
  file.flush();
  {
    SizeLimit limit(fs::file_size(made) + 50);
    file.put_row(piece), file.put_row(piece);
    file.flush();
    CHECK((read_file(made) == header + piece));
  }
  CHECK_FALSE(fs::exists(path));
  file.put_row(piece);
  file.close();
  CHECK((read_file(path) == header + piece + piece));
  CHECK(file.lost() == 2);
  CHECK_THAT(errors.text(), Catch::Contains("cannot write to " + path.string() + ": File too large"));
}

TEST_CASE("output file: several processes append whole lines", "[output]") {
  const TempFolder folder;
  const Errors errors;
  const std::string path = (folder / "list").string();
  constexpr int writers = 4, lines = 200;
  for (int writer = 0; writer < writers; ++writer) {
    if (fork() != 0) continue;
    for (int i = 0; i < lines; ++i)
      create_output_file({.path = path, .header = "%\n", .append = true})->write(row(i), 1);
    std::_Exit(0);
  }
  while (wait(nullptr) > 0) {}
  {
    SizeLimit limit(fs::file_size(path) + 20);
    create_output_file({.path = path, .append = true})->write(row(0), 1);
  }
  const std::string text = read_file(path);
  CHECK(text.starts_with("%\n" + row(0)));
  CHECK(text.size() == 2 + writers * [] {
    std::size_t sum = 0;
    for (int i = 0; i < lines; ++i) sum += row(i).size();
    return sum;
  }());
  CHECK_THAT(errors.text(), Catch::Contains("File too large"));
}

TEST_CASE("output file: what cannot be opened, or has no room for its first lines", "[output]") {
  CHECK_THROWS_WITH(create_output_file({.path = "/no/such/folder/x"}),
                    Catch::Contains("cannot open /no/such/folder/x for writing: No such file"));
  CHECK_THROWS_WITH(create_output_file({.path = "/dev/full", .header = "%\n"}),
                    Catch::Contains("cannot write to /dev/full: No space left"));
}

TEST_CASE("output file: a full disk leaves whole rows, and the file goes on when there is room", "[output]") {
  const Compression form = GENERATE(Compression::none, Compression::gzip, Compression::zstd);
  const bool compress = form != Compression::none;
  const TempFolder folder;
  const Errors errors;
  const fs::path path = folder / "rows";
  RowFile file(create_output_file({.path = path.string(), .header = "% names\n", .compression = form}));
  std::string expected = "% names\n";
  int number = 0;
  const auto put = [&](int count, bool kept) {
    for (const int stop = number + count; number < stop; ++number) {
      file.put_row(row(number));
      if (kept) expected += row(number);
    }
    file.flush();
  };
  put(10, true);
  {
    SizeLimit limit(fs::file_size(path) + (compress ? 20 : row(0).size() + 10));  // for a row and a piece, or a piece
    put(10, false);
    if (!compress) expected += row(10);
    put(10, false);
    CHECK(errors.lines() == 1);
    CHECK_THAT(errors.text(), Catch::Contains("cannot write to " + path.string() + ": File too large"));
    CHECK((unpacked(path, form) == expected));
  }
  put(10, true);
  CHECK(errors.lines() == 2);
  file.close();
  CHECK(file.lost() == (compress ? 20u : 19u));
  CHECK_THAT(errors.text(), Catch::Contains(std::to_string(file.lost()) + " rows were lost"));
  CHECK((unpacked(path, form) == expected));
}

TEST_CASE("output file: a device that is full", "[output]") {
  const TempFolder folder;
  const Errors errors;
  const Compression form = GENERATE(Compression::none, Compression::gzip, Compression::zstd);
  RowFile file(create_output_file({.path = "/dev/full", .compression = form}));
  file.put_row("one\n");
  file.put_row("two\n");
  CHECK(file.lost() == 0);
  file.flush();
  CHECK(file.lost() == 2);
  file.put_row("three\n");
  file.close();
  CHECK(file.lost() == 3);
  CHECK(errors.lines() == 1);
}

TEST_CASE("output file: a file that was removed begins anew, or is lost with its folder", "[output]") {
  const TempFolder folder;
  const Errors errors;
  fs::create_directory(folder / "out");
  const fs::path path = folder / "out/rows";
  RowFile file(create_output_file({.path = path.string(), .header = "% names\n"}));
  file.put_row(row(1));
  file.flush();
  fs::remove(path);
  file.put_row(row(2));
  file.flush();
  CHECK(read_file(path) == "% names\n" + row(2));
  CHECK(file.lost() == 1);
  fs::remove_all(folder / "out");
  file.put_row(row(3));
  file.flush();
  CHECK(file.lost() == 3);  // 1, 2 and 3
  file.put_row(row(4));
  file.flush();
  fs::create_directory(folder / "out");
  file.put_row(row(5));
  file.close();
  CHECK(file.lost() == 4);
  CHECK(read_file(path) == "% names\n" + row(5));
  CHECK_THAT(errors.text(), Catch::Contains("was removed: the 1 rows that were in it are lost"));
  CHECK_THAT(errors.text(), Catch::Contains("cannot write to " + path.string() + ": No such file"));
  SECTION("at its very end") {
    file.begin_next(path.string(), "");
    file.put_row(row(6));
    file.flush();
    fs::remove(path);
    file.close();
    CHECK(file.lost() == 5);
  }
}

TEST_CASE("output file: parts appear complete, under their names", "[output]") {
  const TempFolder folder;
  const fs::path first_part = folder / "part0", second_part = folder / "part1";
  RowFile file(create_output_file({.path = first_part.string(), .in_parts = true}));
  file.put_row(row(1));
  file.flush();
  CHECK_FALSE(fs::exists(first_part));
  CHECK(read_file(folder / "part0.part") == row(1));
  file.begin_next(second_part.string(), "% names\n");
  CHECK(read_file(first_part) == row(1));
  CHECK_FALSE(fs::exists(folder / "part0.part"));
  CHECK_FALSE(fs::exists(second_part));
  file.put_row(row(2));
  file.close();
  CHECK(read_file(second_part) == "% names\n" + row(2));
  CHECK(file.lost() == 0);
}

TEST_CASE("output file: compressed rows are complete after each piece", "[output]") {
  const TempFolder folder;
  const Compression form = GENERATE(Compression::gzip, Compression::zstd);
  const fs::path path = folder / "rows";
  RowFile file(create_output_file({.path = path.string(), .header = "% names\n", .compression = form}));
  std::string expected = "% names\n";
  for (int i = 0; i < 50'000; ++i) {
    const std::string line = "A\t" + std::to_string(i * 7919) + "\n";
    file.put_row(line);
    expected += line;
    if (i % 20'000 != 0) continue;
    file.flush();
    CHECK((unpacked(path, form) == expected));
  }
  CHECK_FALSE(file.replace(2, "NAMES"));
  file.close();
  CHECK(file.lost() == 0);
  CHECK(fs::file_size(path) < expected.size() / 2);
  CHECK((unpacked(path, form) == expected));
}

TEST_CASE("output file: a reader that went away, and one that comes back", "[output]") {
  std::signal(SIGPIPE, SIG_IGN);
  const TempFolder folder;
  const Errors errors;
  const fs::path path = folder / "fifo";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  RowFile file(create_output_file({.path = path.string()}));
  close(reader);
  file.put_row("one\n");
  file.flush();
  CHECK(file.lost() == 1);
  reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  file.put_row("two\n");
  file.flush();
  char text[16] = {};
  CHECK(read(reader, text, sizeof text) == 4);
  CHECK(std::string(text) == "two\n");
  CHECK(file.lost() == 1);
  close(reader);
}

TEST_CASE("output file: a slow reader of a pipe gets everything", "[output]") {
  const TempFolder folder;
  const fs::path path = folder / "fifo";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  std::string got;
  std::thread reader([&] { got = read_file(path); });  // the writer waits until it is there, too
  RowFile file(create_output_file({.path = path.string()}));
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    file.put_row(row(i));
    expected += row(i);
  }
  file.close();
  reader.join();
  CHECK(file.lost() == 0);
  CHECK((got == expected));
}

}  // namespace t2::test::output_file_test
