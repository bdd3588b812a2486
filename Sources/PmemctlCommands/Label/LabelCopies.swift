import PmemDevice
import PmemMedia
import PmemOutput

/// The file that `label backup` makes: label areas with the DIMMs that they are of, and a checksum of each.
struct LabelCopies {
  struct Area {
    var dev: String
    /// The DIMM's own; nil if the platform gives none.
    var id: String?
    var bytes: [UInt8]
  }

  var areas: [Area]

  private static let format = "pmemctl-labels 1"

  init(areas: [Area]) { self.areas = areas }

  var json: JSON {
    var object = JSONObject()
    object.add("format", Self.format)
    object.add(
      "areas",
      areas.map { area in
        var entry = JSONObject()
        entry.add("dimm", area.dev)
        entry.add("id", area.id)
        entry.add("checksum", String(fletcher64(area.bytes), radix: 16))
        entry.add("bytes", Hexadecimal.text(area.bytes))
        return .object(entry)
      })
    return .object(object)
  }

  /// - Throws: ``DeviceError/Code/corrupt`` with file and line for anything but such a file, whole.
  init(parsing bytes: [UInt8], file: String) throws(DeviceError) {
    func damaged(_ reason: String, line: Int = 1) -> DeviceError {
      DeviceError(
        .corrupt, "\(file), line \(line): it is not a backup of labels: \(reason)",
        details: ["nothing was changed"])
    }
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
      throw damaged(error.problem, line: error.line)
    }
    guard let object = json.object, object["format"]?.string == Self.format,
      let entries = object["areas"]?.array
    else { throw damaged("it is not of the format \"\(Self.format)\"") }
    areas = []
    for (index, entry) in entries.enumerated() {
      let line = JSON.location(of: "areas[\(index)]", in: bytes)?.line ?? 1
      guard let fields = entry.object, let dev = fields["dimm"]?.string,
        let bytes = fields["bytes"]?.string.flatMap(Hexadecimal.bytes), let sum = fields["checksum"]?.string
      else { throw damaged("an area cannot be read", line: line) }
      guard sum == String(fletcher64(bytes), radix: 16) else {
        throw damaged("the checksum of \(dev)'s labels is wrong", line: line)
      }
      areas.append(Area(dev: dev, id: fields["id"]?.string, bytes: bytes))
    }
  }
}
