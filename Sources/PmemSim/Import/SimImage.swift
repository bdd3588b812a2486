import Glibc
public import PmemDevice
import PmemMedia
public import SystemPackage

/// A DIMM's image that another program made or used, such as a guest's NVDIMM: data, then the label area.
public struct SimImage: Hashable, Sendable {
  public var path: FilePath
  /// Of the data.
  public var size: UInt64
  /// 0 if there is none.
  public var labelArea: UInt64

  /// Examines an image; if `labelArea` is nil, the index blocks at its end determine the label area.
  ///
  /// - Throws: `DeviceError.Code.corrupt` for a size that no DIMM has, and the error of reading it.
  public init(_ path: FilePath, labelArea: UInt64? = nil) throws(DeviceError) {
    self.path = path
    let file = try ImageFile(named: path)
    let whole = try file.size
    try Self.checkRaw(file, whole, path)
    guard whole % 4096 == 0, whole > 0 else {
      throw DeviceError(
        .corrupt, "\(path) is not a DIMM image: its size, \(whole) bytes, is not a multiple of 4 KiB")
    }
    let area: UInt64 = if let labelArea { labelArea } else { try Self.findLabelArea(file, whole) }
    guard area < whole else {
      throw DeviceError(
        .corrupt, "\(path) is not a DIMM image with a label area of \(ByteCount(area)): it is smaller")
    }
    self.labelArea = area
    size = whole - area
  }

  /// The magic numbers of disk images that are not raw.
  private static let formats: [(name: String, signature: [UInt8])] = [
    ("qcow2", Array("QFI".utf8) + [0xfb]), ("vmdk", Array("KDMV".utf8)), ("vhdx", Array("vhdxfile".utf8)),
    ("qed", Array("QED".utf8) + [0]),
  ]

  /// Refuses an image whose bytes are at other offsets than the guest sees them.
  private static func checkRaw(_ file: borrowing ImageFile, _ whole: UInt64, _ path: FilePath)
    throws(DeviceError)
  {
    let start = try file.read(at: 0, count: Int(min(8, whole)))
    guard let format = formats.first(where: { start.starts(with: $0.signature) }) else { return }
    throw DeviceError(
      .corrupt, "\(path) is a \(format.name) image, and an NVDIMM's is raw",
      details: ["convert it: qemu-img convert -f \(format.name) -O raw \(path) FILE"])
  }

  /// How far from the end a label area can begin.
  private static let longestArea: UInt64 = 16 << 20

  /// The smallest label area at the end with a valid index block; 0 if there is none.
  private static func findLabelArea(_ file: borrowing ImageFile, _ whole: UInt64) throws(DeviceError)
    -> UInt64
  {
    let tail = min(longestArea, whole)
    let bytes = try file.read(at: whole - tail, count: Int(tail))
    // From the end, in the steps that label areas come in.
    for offset in stride(from: bytes.count - 256, through: 0, by: -256)
    where bytes[offset] == LabelIndex.signature[0] && bytes[offset...].starts(with: LabelIndex.signature) {
      for version in LabelVersion.allCases {
        if let area = area(bytes, indexAt: offset, version) { return UInt64(area) }
      }
    }
    return 0
  }

  /// The length of the area that an index block belongs to, as its first or its second.
  private static func area(_ bytes: [UInt8], indexAt offset: Int, _ version: LabelVersion) -> Int? {
    let own = bytes[(offset + 24)..<(offset + 32)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard own <= UInt64(offset) else { return nil }
    let start = offset - Int(own)
    guard let layout = LabelLayout(areaSize: bytes.count - start, version: version) else { return nil }
    let copy = own == 0 ? 0 : 1
    let block = Array(bytes[offset...].prefix(layout.indexSize))
    return (try? LabelIndex(block, copy: copy, layout: layout)) == nil ? nil : bytes.count - start
  }
}

extension SimMachine {
  /// Makes a machine of copies of images; what is on them is what it finds when it boots.
  ///
  /// - Parameters:
  ///   - images: One for each DIMM, in the order of `dimms`.
  ///   - dimms: The other properties of each; sizes and label areas are the images'.
  ///   - directory: Must not exist, or be empty.
  ///   - profile: Whose rules to follow.
  /// - Throws: Why it could not be created; no file is left behind then.
  public static func importing(
    _ images: [SimImage], as dimms: [SimDimmRequest], to directory: FilePath, profile: KernelProfile
  ) throws(DeviceError) {
    let requests = zip(images, dimms).map { image, dimm in
      SimDimmRequest(
        size: ByteCount(image.size), labelArea: ByteCount(image.labelArea), labelVersion: nil,
        node: dimm.node, set: dimm.set, slot: dimm.slot)
    }
    let topology = try SimTopology(dimms: requests, ranges: [], align: nil, profile: profile)
    try create(directory, topology: topology)
    do throws(DeviceError) {
      for (index, image) in images.enumerated() {
        let copy = try ImageFile(directory.appending(SimMedia.imageName(ofDimm: index)), writable: true)
        try ImageFile(named: image.path).copyData(to: copy)
      }
    } catch {
      try? destroy(directory)
      throw error
    }
  }
}
