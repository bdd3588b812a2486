import PmemDevice
import PmemLayout
import PmemOutput

/// A plan that was looked at, to be applied later: the layout, what may be destroyed, and a checksum of the machine that it
/// was made for.
struct SavedLayoutPlan {
  var layout: Layout
  var source: String
  var file: String
  var replace: [String]
  var destroy: [String]
  var fingerprint: UInt64

  private static let kind = "pmemctl-layout-plan 1"

  init(_ source: [UInt8], file: String, _ options: LayoutOptions, fingerprint: UInt64) throws(DeviceError) {
    layout = try Layout(parsing: source, file: file)
    self.source = String(decoding: source, as: UTF8.self)
    self.file = file
    replace = options.replace
    destroy = options.destroy
    self.fingerprint = fingerprint
  }

  var json: JSON {
    var object = JSONObject()
    object.add("kind", Self.kind)
    object.add("file", file)
    object.add("machine", fingerprint)
    object.add("replace", replace.map(JSON.string))
    object.add("destroy", destroy.map(JSON.string))
    object.add("layout", source)
    return .object(object)
  }

  /// - Throws: ``DeviceError/Code/corrupt`` with file and line for anything but what ``json`` wrote.
  init(parsing bytes: [UInt8], file: String) throws(DeviceError) {
    guard bytes.count <= InputFile.descriptionLimit else {
      throw DeviceError(.corrupt, "\(file), line 1: it is too large for a saved plan")
    }
    let json: JSON
    do { json = try JSON(parsing: bytes, mostValues: 1 << 16) } catch {
      throw DeviceError(.corrupt, "\(file), \(error)")
    }
    guard let object = json.object, object["kind"]?.string == Self.kind, let name = object["file"]?.string,
      let source = object["layout"]?.string, let machine = object["machine"]?.unsigned,
      let replace = object["replace"]?.array, let destroy = object["destroy"]?.array
    else {
      throw DeviceError(
        .corrupt, "\(file), line 1: it is not a saved plan", details: ["pmemctl layout plan --out writes one"]
      )
    }
    let line = JSON.location(of: "layout", in: bytes)?.line ?? 1
    layout = try Layout(parsing: Array(source.utf8), file: "\(file), line \(line), \(name)")
    guard replace.allSatisfy({ $0.string != nil }), destroy.allSatisfy({ $0.string != nil }) else {
      let line = JSON.location(of: "replace", in: bytes)?.line ?? 1
      throw DeviceError(.corrupt, "\(file), line \(line): replace and destroy are lists of names")
    }
    self.source = source
    self.file = name
    self.replace = replace.compactMap(\.string)
    self.destroy = destroy.compactMap(\.string)
    fingerprint = machine
  }
}
