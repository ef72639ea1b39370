// Asks the options, the plugins and the machine; says the same in every run but for date, process and machine.
#include "app/run_header.hpp"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/settings.hpp"
#include "output/address_text.hpp"
#include "t2/clock.hpp"
#include "tranalyzer.h"

namespace t2 {

std::string protocols() {
  std::string list = ETH_ACTIVATE > 0 ? "L2, " : "";
  return list + (IPV6_ACTIVATE == 2 ? "IPv4, IPv6" : IPV6_ACTIVATE == 1 ? "IPv6" : "IPv4");
}

std::string banner(const Options& options) {
  return fmt::format("{:=<80}\n{}. PID: {}, Prio: {}, SID: {}\n{:=<80}", "", version_line(), getpid(),
                     getpriority(PRIO_PROCESS, 0), options.sensor_id.value_or(settings.sensor_id), "");
}

std::string about(const Options& options, const Plugins& plugins) {
  utsname machine{};
  uname(&machine);
  std::string text = fmt::format(
      "# Date: {}\n# {}\n# Core configuration: {}\n# SensorID: {}\n# PID: {}\n# Priority: {}\n# Command line: {}\n",
      date(wall_clock(), settings.report_utc), version_line(), protocols(),
      options.sensor_id.value_or(settings.sensor_id), getpid(), getpriority(PRIO_PROCESS, 0),
      with_pseudonyms(options.command_line, options.key));
  text += fmt::format("# HW info: {};{};{};{};{}\n# SW info: {}\n#\n", machine.nodename, machine.sysname,
                      machine.release, machine.version, machine.machine, T2_PCAP_VERSION);
  if (options.input == Options::Input::interface)
    text += fmt::format("# Live captured from interface: {}\n#\n", fmt::join(options.sources, ", "));
  text += "# Plugins loaded:\n";
  unsigned number = 0;
  for (const Descriptor* plugin : plugins.all())
    text += fmt::format("#   {:02}: {}, version {}\n", ++number, plugin->name, plugin->version);
  return text;
}

}  // namespace t2
