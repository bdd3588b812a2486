import PmemDevice
import PmemInspect
import PmemMedia

/// Namespaces whose info blocks do not make them what their labels, or the remains of the blocks, say that they are.
struct InfoBlockExamination {
  private let inventory: Inventory
  private let backend: any CommandContext.Backend
  private let labels: [DeviceUUID: NamespaceLabel]

  /// Reads the labels.
  init(_ inventory: Inventory, _ backend: any CommandContext.Backend) {
    self.inventory = inventory
    self.backend = backend
    var labels: [DeviceUUID: NamespaceLabel] = [:]
    for dimm in inventory.dimms {
      guard let area = try? backend.readLabels(dimm: dimm.dev) else { continue }
      for label in DimmProbe(area).labels { labels[label.uuid] = label }
    }
    self.labels = labels
  }

  /// The problem of one; nil if there is none, or if it cannot be read.
  func finding(_ namespace: Namespace) -> Diagnosis.Finding? {
    guard !namespace.isSeed else { return nil }
    if namespace.isEnabled {
      guard namespace.mode == .raw else { return nil }
      do throws(DeviceError) {
        return try backend.withContent(of: namespace) { source throws(DeviceError) in
          finding(namespace, source)
        }
      } catch {
        return unreadable(namespace, error)
      }
    }
    // The media below a claimed device cannot be read.
    guard namespace.holder == nil else { return nil }
    do throws(DeviceError) {
      return try backend.withRawMedia(of: namespace.dev, forWriting: false) { raw throws(DeviceError) in
        finding(namespace, raw)
      }
    } catch {
      return unreadable(namespace, error)
    }
  }

  private func unreadable(_ namespace: Namespace, _ error: DeviceError) -> Diagnosis.Finding {
    Diagnosis.Finding(.error, namespace.dev, "its info block cannot be read: \(error.summary)")
  }

  /// The media of a namespace that is open.
  func media(_ namespace: Namespace, _ raw: any ByteSource) -> NamespaceMedia {
    NamespaceMedia(
      namespace, raw, label: namespace.labelUUID.flatMap { labels[$0] }, host: inventory.host)
  }

  private func finding(_ namespace: Namespace, _ raw: any ByteSource) -> Diagnosis.Finding? {
    let examined = media(namespace, raw)
    guard let text = examined.trouble else { return nil }
    return Diagnosis.Finding(
      .error, namespace.dev, "\(Self.name(namespace)): \(text)\(stake(namespace, examined, raw))",
      try: examined.suggestions)
  }

  /// The conflicting extent in the data area, and its treatment.
  private func stake(_ namespace: Namespace, _ examined: NamespaceMedia, _ raw: any ByteSource) -> String {
    guard let data = examined.data, data.offset > 0, data.length > 0 else { return "" }
    let contents = (try? ContentProbe.contents(in: SourceSlice(raw, data), sector: 512)) ?? []
    let what = contents.first.map { "Its data, \($0.text)," } ?? "Its data"
    let way =
      namespace.isEnabled
      ? ": as raw everything is shifted by that, and writes to /dev/\(namespace.node ?? namespace.dev) "
        + "overwrite them"
      : ""
    return ". \(what) begin at \(ByteCount(data.offset))\(way)"
  }

  private static func name(_ namespace: Namespace) -> String {
    namespace.name.map { "\"\($0)\" (\(namespace.rawSize))" } ?? "\(namespace.rawSize)"
  }
}
