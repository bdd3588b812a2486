import PmemDevice
import SystemPackage

/// The devices of a CXL bus as sysfs lists them, `/sys/bus/cxl/devices`: each name is a link into the tree of devices, whose
/// text names the parents. Links are not followed, so that no tree has a circle.
struct CxlDevices {
  private let directory: FilePath
  /// The components of each link: the path of the device from its ancestors to itself.
  private let paths: [String: [String]]
  private let children: [String: [String]]

  init(roots: HostRoots) {
    directory = roots.sys.appending("bus/cxl/devices")
    var paths: [String: [String]] = [:]
    var children: [String: [String]] = [:]
    for name in KernelFile.names(directory) {
      let link = KernelFile.link(directory.appending(name))?.text ?? ""
      let path = link.split(separator: "/").map(String.init).filter { $0 != ".." }
      paths[name] = path.last == name ? path : [name]
      if let parent = path.last == name ? path.dropLast().last : nil {
        children[parent, default: []].append(name)
      }
    }
    self.paths = paths
    self.children = children
  }

  var isEmpty: Bool { paths.isEmpty }

  /// Names that are a prefix and a number, by number.
  func numbered(_ prefix: String) -> [String] {
    Self.sorted(paths.keys.filter { Self.number($0, behind: prefix) != nil }, prefix)
  }

  /// The same of the children of a device.
  func children(of parent: String, numbered prefix: String) -> [String] {
    Self.sorted((children[parent] ?? []).filter { Self.number($0, behind: prefix) != nil }, prefix)
  }

  /// Decoders below a port, by number.
  func decoders(of port: String) -> [String] {
    let known = (children[port] ?? []).compactMap { name in Self.decoder(name).map { (key: $0, name: name) } }
    return known.sorted { $0.key < $1.key }.map(\.name)
  }

  /// The name of the device that a device is on; nil at the top.
  func parent(of name: String) -> String? { paths[name]?.dropLast().last }

  /// All devices from the top to the one that a device is on.
  func ancestors(of name: String) -> [String] { paths[name]?.dropLast() ?? [] }

  /// Names of the files and directories of a device.
  func entries(of name: String) -> [String] { KernelFile.names(directory.appending(name)) }

  // MARK: Attributes

  /// The first line of a file of a device; nil if it is not there, may not be read, or is empty.
  func text(_ name: String, _ file: String) -> String? {
    guard let line = KernelFile.line(directory.appending(name).appending(file)), !line.isEmpty else {
      return nil
    }
    return line
  }

  /// A number in decimal, or behind 0x in hexadecimal digits.
  func number(_ name: String, _ file: String) -> UInt64? {
    guard let text = text(name, file) else { return nil }
    return text.hasPrefix("0x")
      ? Self.digits(text.dropFirst(2), radix: 16) : Self.digits(text[...], radix: 10)
  }

  /// The last part of what a link of a device leads to.
  func target(_ name: String, _ link: String) -> String? {
    KernelFile.link(directory.appending(name).appending(link))?.text.split(separator: "/").last.map(
      String.init)
  }

  func hasDriver(_ name: String) -> Bool { target(name, "driver") != nil }

  // MARK: Names

  /// UInt64(_:radix:) takes a sign.
  private static func digits(_ text: Substring, radix: Int) -> UInt64? {
    text.first?.isHexDigit == true ? UInt64(text, radix: radix) : nil
  }

  /// The number of a name such as `mem0`, which the kernel's ids keep below 2^31.
  private static func number(_ name: String, behind prefix: String) -> Int? {
    guard name.hasPrefix(prefix) else { return nil }
    return index(name.dropFirst(prefix.count))
  }

  private static func index(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text),
      number <= Int(Int32.max)
    else { return nil }
    return number
  }

  /// `decoderP.N` as one number.
  private static func decoder(_ name: String) -> Int? {
    guard name.hasPrefix("decoder") else { return nil }
    let parts = name.dropFirst(7).split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let port = index(parts[0]), let number = index(parts[1]) else { return nil }
    return port << 31 | number
  }

  private static func sorted(_ names: some Sequence<String>, _ prefix: String) -> [String] {
    names.map { (key: number($0, behind: prefix) ?? 0, name: $0) }
      .sorted { ($0.key, $0.name) < ($1.key, $1.name) }.map(\.name)
  }
}
