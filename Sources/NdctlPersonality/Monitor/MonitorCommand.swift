import Glibc
import PmemDevice

/// `ndctl monitor`: a JSON object for each event of a DIMM, until a signal ends it.
enum MonitorCommand {
  static let command = ToolCommand(
    "monitor", "[<options>]",
    [
      OptionSpec("b", "bus", .text, "bus-id", "only this bus"),
      OptionSpec("r", "region", .text, "region-id", "only this region"),
      OptionSpec("d", "dimm", .text, "dimm-id", "only this DIMM"),
      OptionSpec("n", "namespace", .text, "namespace-id", "only this namespace"),
      OptionSpec("D", "dimm-event", .text, "event", "only these events"),
      OptionSpec("l", "log", .text, "log", "syslog, standard or a file"),
      OptionSpec("c", "config-file", .text, "config-file", "file or directory of settings"),
      OptionSpec(nil, "daemon", .flag, nil, "in the background"),
      OptionSpec("u", "human", .flag, nil, "events on several lines"),
      OptionSpec("v", "verbose", .flag, nil, "print debug messages"),
      OptionSpec("p", "poll", .number, nil, "interval of health checks in seconds"),
    ], run: run)

  private static func run(_ session: ToolSession) throws -> ReturnCode {
    let options = session.options
    try session.refuseNames()
    var settings = MonitorSettings(options)
    if let file = options.text("config-file") ?? MonitorSettings.usualFile {
      do throws(DeviceError) {
        settings.add(try SettingsFile.text(file))
      } catch {
        session.note("\(file) cannot be opened")
        return ReturnCode(value: -(error.errno ?? 5))
      }
    }
    let isDaemon = options.flag("daemon")
    var log: MonitorLog
    do throws(DeviceError) { log = try MonitorLog(settings.log, session) } catch {
      session.complain("open \(settings.log ?? "") failed")
      return ReturnCode(value: -(error.errno ?? 5))
    }
    if isDaemon {
      log.leaveTerminal()
      // Behind it this process is the child, without a terminal, in the root directory.
      guard daemon(0, 0) == 0 else {
        log.complain("daemon start failed")
        return .done
      }
      log.inform("ndctl monitor daemon started")
    }
    let events: DimmEvents
    switch settings.events {
    case .success(let found): events = found
    case .failure(let wrong):
      log.complain("no dimm-event named \(wrong.word)")
      return .done
    }
    var watch = MonitorWatch(session: session, log: log, events: events)
    guard try watch.begin(settings.selectors) else {
      log.inform("no dimms to monitor, exiting")
      return isDaemon ? .done : .noDeviceOrAddress
    }
    try watch.run(poll: options.number("poll").flatMap { $0 > 0 ? $0 : nil })
    return .done
  }
}
