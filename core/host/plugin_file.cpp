// Reads ELF (System V ABI, chapters 4 and 5): what is used, by this program or by the dynamic linker, lies in the file.
#include "host/plugin_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <vector>

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "t2/plugin.hpp"

namespace t2 {

namespace {

struct Damaged {
  std::string what;
};

class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about {};
    if (file < 0 || fstat(file, &about) != 0) fail(path, file);
    if (about.st_size > 0) {
      size_ = static_cast<std::size_t>(about.st_size);
      void* const data = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
      if (data == MAP_FAILED) fail(path, file);
      data_ = static_cast<const char*>(data);
    }
    close(file);
  }
  ~MappedFile() {
    if (data_) munmap(const_cast<char*>(data_), size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const { return {data_, size_}; }

 private:
  [[noreturn]] static void fail(const std::string& path, int file) {
    const int problem = errno;
    if (file >= 0) close(file);
    throw Error(fmt::format("cannot read the plugin '{}': {}", path,
                            problem == ENOENT ? "no such file" : std::strerror(problem)));
  }
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

ElfW(Ehdr) header_of_program() {
  ElfW(Ehdr) header{};
  std::ifstream("/proc/self/exe", std::ios::binary).read(reinterpret_cast<char*>(&header), sizeof header);
  return header;
}

class ElfFile {
 public:
  explicit ElfFile(std::string_view bytes) : bytes_(bytes) {
    const auto head = at<ElfW(Ehdr)>(0, "the header");
    static const ElfW(Ehdr) own = header_of_program();
    if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) throw Damaged{"it is no shared object"};
    if (head.e_ident[EI_CLASS] != own.e_ident[EI_CLASS] || head.e_ident[EI_DATA] != own.e_ident[EI_DATA] ||
        head.e_machine != own.e_machine || head.e_type != ET_DYN || head.e_version != EV_CURRENT)
      throw Damaged{"it is no shared object for this machine"};
    if (head.e_phentsize != sizeof(ElfW(Phdr)) || head.e_shentsize != sizeof(ElfW(Shdr)) || head.e_phnum == 0)
      throw Damaged{"its header is damaged"};
    for (unsigned i = 0; i < head.e_phnum; ++i)
      add_segment(at<ElfW(Phdr)>(head.e_phoff + i * sizeof(ElfW(Phdr)), "the table of segments"));
    check_dynamic();
    for (unsigned i = 0; i < head.e_shnum; ++i) {
      const auto section = at<ElfW(Shdr)>(head.e_shoff + i * sizeof(ElfW(Shdr)), "the table of sections");
      if (section.sh_type == SHT_DYNSYM) symbols_ = section.sh_size / sizeof(ElfW(Sym));
    }
    check_symbols();
    check_relocations();
  }

  // The file's bytes behind a symbol; nothing: it exports no such symbol.
  std::optional<std::string_view> data(std::string_view name) const {
    for (std::size_t i = 1; i < symbols_; ++i) {
      const auto symbol = loaded<ElfW(Sym)>(symbol_table_ + i * sizeof(ElfW(Sym)), "the table of symbols");
      if (symbol.st_shndx == SHN_UNDEF || name_of(symbol) != name) continue;
      const std::uint64_t offset = file_offset(symbol.st_value, symbol.st_size, "a symbol");
      return bytes_.substr(offset, symbol.st_size);
    }
    return {};
  }

 private:
  void need(std::uint64_t offset, std::uint64_t size, std::string_view what) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset)
      throw Damaged{fmt::format("{} lies outside of it", what)};
  }
  template <class T>
  T at(std::uint64_t offset, std::string_view what) const {
    need(offset, sizeof(T), what);
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  // Where an address of the loaded object lies in the file.
  std::uint64_t file_offset(std::uint64_t address, std::uint64_t size, std::string_view what) const {
    for (const ElfW(Phdr) & segment : segments_) {
      if (address < segment.p_vaddr || address - segment.p_vaddr > segment.p_filesz ||
          size > segment.p_filesz - (address - segment.p_vaddr))
        continue;
      return segment.p_offset + (address - segment.p_vaddr);
    }
    throw Damaged{fmt::format("{} lies in none of its segments", what)};
  }
  template <class T>
  T loaded(std::uint64_t address, std::string_view what) const {
    return at<T>(file_offset(address, sizeof(T), what), what);
  }

  void add_segment(const ElfW(Phdr) & segment) {
    if (segment.p_type == PT_LOAD || segment.p_type == PT_DYNAMIC)
      need(segment.p_offset, segment.p_filesz, "a segment");
    if (segment.p_type == PT_DYNAMIC) dynamic_ = segment;
    if (segment.p_type != PT_LOAD) return;
    const std::uint64_t page = 4096;
    if (segment.p_filesz > segment.p_memsz || segment.p_memsz > (std::uint64_t{1} << 32) ||
        segment.p_vaddr > (std::uint64_t{1} << 40) || segment.p_align % page != 0 ||
        (segment.p_vaddr - segment.p_offset) % page != 0 ||
        (!segments_.empty() && segment.p_vaddr < segments_.back().p_vaddr + segments_.back().p_memsz))
      throw Damaged{"a segment is damaged"};
    segments_.push_back(segment);
  }

  void check_dynamic() {
    if (dynamic_.p_type != PT_DYNAMIC) throw Damaged{"it has no table for the dynamic linker"};
    file_offset(dynamic_.p_vaddr, dynamic_.p_filesz, "the table for the dynamic linker");
    bool ended = false;
    for (std::uint64_t at = 0; !ended && at + sizeof(ElfW(Dyn)) <= dynamic_.p_filesz; at += sizeof(ElfW(Dyn))) {
      const auto entry = loaded<ElfW(Dyn)>(dynamic_.p_vaddr + at, "the table for the dynamic linker");
      const std::uint64_t value = entry.d_un.d_val;
      switch (entry.d_tag) {
        case DT_NULL: ended = true; break;
        case DT_STRTAB: names_ = value; break;
        case DT_STRSZ: names_size_ = value; break;
        case DT_SYMTAB: symbol_table_ = value; break;
        case DT_RELA: relocations_[0] = value; break;
        case DT_RELASZ: sizes_[0] = value; break;
        case DT_JMPREL: relocations_[1] = value; break;
        case DT_PLTRELSZ: sizes_[1] = value; break;
        case DT_INIT_ARRAY:
        case DT_FINI_ARRAY:
        case DT_INIT:
        case DT_FINI:
        case DT_HASH:
        case DT_GNU_HASH:
        case DT_VERSYM:
        case DT_VERNEED:
        case DT_VERDEF: file_offset(value, 1, "what the dynamic linker needs"); break;
        default: break;
      }
    }
    if (!ended || names_ == 0 || symbol_table_ == 0) throw Damaged{"its table for the dynamic linker is damaged"};
    const std::uint64_t end = file_offset(names_, names_size_, "the table of names") + names_size_;
    if (names_size_ == 0 || bytes_[end - 1] != 0) throw Damaged{"its table of names is damaged"};
  }
  std::string_view name_of(const ElfW(Sym) & symbol) const {
    if (symbol.st_name >= names_size_) throw Damaged{"a symbol's name lies outside of the table of names"};
    return bytes_.data() + file_offset(names_ + symbol.st_name, 1, "a name");
  }
  void check_symbols() const {
    for (std::size_t i = 0; i < symbols_; ++i)
      name_of(loaded<ElfW(Sym)>(symbol_table_ + i * sizeof(ElfW(Sym)), "the table of symbols"));
  }
  // Of machines that write RELA, which are those with 64 bits.
  void check_relocations() const {
    for (unsigned which = 0; which < 2; ++which) {
      for (std::uint64_t at = 0; at + sizeof(ElfW(Rela)) <= sizes_[which]; at += sizeof(ElfW(Rela))) {
        const auto entry = loaded<ElfW(Rela)>(relocations_[which] + at, "the table of relocations");
        const bool inside = std::any_of(segments_.begin(), segments_.end(), [&](const ElfW(Phdr) & s) {
          return entry.r_offset >= s.p_vaddr && entry.r_offset - s.p_vaddr < s.p_memsz && s.p_flags & PF_W;
        });
        const std::uint64_t symbol = sizeof(void*) == 8 ? entry.r_info >> 32 : entry.r_info >> 8;
        if (!inside || symbol >= std::max<std::size_t>(1, symbols_)) throw Damaged{"a relocation is damaged"};
      }
    }
  }

  std::string_view bytes_;
  std::vector<ElfW(Phdr)> segments_;  // that are loaded, by address
  ElfW(Phdr) dynamic_{};
  std::size_t symbols_ = 0;
  std::uint64_t names_ = 0, names_size_ = 0, symbol_table_ = 0, relocations_[2] = {}, sizes_[2] = {};
};

}  // namespace

std::string plugin_abi(const std::string& path) {
  const MappedFile file(path);
  try {
    const ElfFile elf(file.bytes());
    const std::optional<std::string_view> found = elf.data("t2_plugin");
    if (!found)
      throw Error(fmt::format("'{}' is not a plugin of this program (it exports no t2_plugin): remove it", path));
    const std::string_view text = found->substr(0, sizeof Descriptor::abi);
    return std::string(text.substr(0, text.find('\0')));
  } catch (const Damaged& damage) {
    throw Error(fmt::format("cannot load '{}': {}: run t2build -R, or remove it with t2build -u", path, damage.what));
  }
}

}  // namespace t2
