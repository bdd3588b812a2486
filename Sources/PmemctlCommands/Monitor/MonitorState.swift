import PmemDevice
import PmemOutput
import SystemPackage

/// What a monitor saw last, so that after a restart it tells what has changed since, and repeats nothing.
struct MonitorState {
  let file: FilePath

  private static let format = "pmemctl-monitor 1"

  /// - Returns: nil if there is none yet.
  /// - Throws: ``DeviceError/Code/corrupt`` for a damaged file.
  func read() throws(DeviceError) -> MachineObservation? {
    let bytes: [UInt8]
    do throws(DeviceError) {
      bytes = try InputFile.read(file.string, followingLinks: false)
    } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
      throw DeviceError(.corrupt, "\(file), line \(error.line): \(error.problem)")
    }
    guard let object = json.object, object["format"]?.string == Self.format,
      let entries = object["values"]?.array
    else { throw DeviceError(.corrupt, "\(file), line 1: it is not a \"\(Self.format)\" file") }
    var values: [MachineObservation.Key: String] = [:]
    for entry in entries {
      guard let subject = entry.object?["subject"]?.string, let property = entry.object?["property"]?.string,
        let value = entry.object?["value"]?.string
      else { throw DeviceError(.corrupt, "\(file), line 1: a value is incomplete") }
      values[MachineObservation.Key(subject, property)] = value
    }
    return MachineObservation(values)
  }

  /// - Throws: The disk's error; what was written before is still there.
  func write(_ observation: MachineObservation) throws(DeviceError) {
    var object = JSONObject()
    object.add("format", Self.format)
    object.add(
      "values",
      observation.values.sorted { $0.key < $1.key }.map { key, value in
        var entry = JSONObject()
        entry.add("subject", key.subject)
        entry.add("property", key.property)
        entry.add("value", value)
        return .object(entry)
      })
    do throws(Errno) {
      try AtomicFile.write(JSON.object(object).text.utf8, to: file, existing: .replace)
    } catch {
      throw DeviceError(
        DeviceError.Code(errno: error.rawValue), "cannot write \(file): \(error.description)",
        errno: error.rawValue)
    }
  }
}
