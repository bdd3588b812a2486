import PmemDevice
import PmemModel

/// The files of a simulated machine's filesystems, by their blocks on namespaces.
struct SimFiles {
  private let kernel: SimKernel

  init(_ kernel: SimKernel) { self.kernel = kernel }

  func damaged(of namespace: Namespace) -> DamagedFiles {
    if let unsearchable = DamagedFiles.unsearchable(namespace) { return unsearchable }
    guard
      let state = kernel.nvdimm.regions[namespace.regionID].namespaces.first(where: { $0.id == namespace.id })
    else { return DamagedFiles() }
    let data = kernel.nvdimm.dataExtent(state)
    let bad = kernel.media.badBlocks.extents(ofRegion: namespace.regionID).compactMap {
      $0.intersection(data)
    }
    .map { Extent(offset: $0.offset - data.offset, length: $0.length) }
    guard SimUsage(kernel).mountPoints[namespace.dev] != nil else {
      return DamagedFiles([], bad: bad, missing: bad.isEmpty ? [] : [DamagedFiles.unmounted])
    }
    let mounted = kernel.model.state.filesystems.filter { $0.isLive && !$0.mountPoints.isEmpty }
    let found = mounted.flatMap { filesystem in
      filesystem.files.filter { !$0.isDeleted }.flatMap { file in
        pieces(of: file, on: filesystem.volume, DeviceID(namespace)).map {
          (path: SimUsage.path(file, on: filesystem), piece: $0)
        }
      }
    }
    return DamagedFiles(found, bad: bad, missing: [])
  }

  /// What a file has on a device.
  func pieces(of file: ModelFile, on volume: Volume, _ device: DeviceID) -> [FilePiece] {
    var pieces: [FilePiece] = []
    var position: UInt64 = 0
    for extent in file.extents {
      for piece in kernel.model.pieces(volume, [extent]) {
        if piece.device == device { pieces.append(FilePiece(logical: position, extent: piece.extent)) }
        position += piece.extent.length
      }
    }
    return pieces
  }
}
