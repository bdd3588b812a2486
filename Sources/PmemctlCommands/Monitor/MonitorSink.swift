import Glibc
import PmemDevice
import PmemOutput

/// Where the events of a monitor go.
struct MonitorSink {
  let context: CommandContext
  var isJSON = false
  /// To the journal instead of standard output.
  var usesJournal = false
  /// A program that is run for each event; nil for none.
  var program: String?

  /// - Throws: If an event could not be delivered: it is delivered again then.
  func deliver(_ event: MonitorEvent, at time: UInt64) throws {
    if usesJournal {
      let error = ServiceSocket.journal.send(Self.entry(event))
      guard error == 0 else {
        throw DeviceError(
          .failed, "cannot write to the journal: \(String(cString: strerror(error)))", errno: error)
      }
    } else if isJSON {
      try context.out.write(JSON.object(event.json(time)).line)
    } else {
      try context.out.write(
        "\(CalendarTime(seconds: time).text) \(event.severity.rawValue) \(event.key.subject): \(event.text.sanitized)\n"
      )
    }
    if let program { run(program, event) }
  }

  private static func entry(_ event: MonitorEvent) -> [UInt8] {
    var fields = [
      ("MESSAGE", "\(event.key.subject): \(event.text)"), ("PRIORITY", "\(event.severity.priority)"),
      ("SYSLOG_IDENTIFIER", "pmemctl"), ("PMEM_SUBJECT", event.key.subject),
      ("PMEM_EVENT", event.key.property),
    ]
    if let old = event.old { fields.append(("PMEM_OLD", old)) }
    if let new = event.new { fields.append(("PMEM_NEW", new)) }
    return ServiceSocket.entry(fields)
  }

  /// Runs it without a shell, with the severity, the device, the property and both values as arguments, and waits for it.
  private func run(_ program: String, _ event: MonitorEvent) {
    let words = [
      program, event.severity.rawValue, event.key.subject, event.key.property, event.old ?? "",
      event.new ?? "",
    ]
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let error = posix_spawnp(&process, program, nil, nil, &arguments, environ)
    guard error == 0 else {
      return context.note("cannot run \(program): \(String(cString: strerror(error)))")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    if status != 0 { context.note("\(program) failed for \(event.key.subject): \(event.text)") }
  }
}

extension MonitorEvent {
  /// Keys: `time`, `severity`, `subject`, `event`, `old`, `new`.
  fileprivate func json(_ time: UInt64) -> JSONObject {
    var object = JSONObject()
    object.add("time", time)
    object.add("severity", severity.rawValue)
    object.add("subject", key.subject)
    object.add("event", key.property)
    object.add("old", old)
    object.add("new", new)
    return object
  }
}
