import PmemDevice
import PmemModel

extension NvdimmModel {
  /// Every namespace's device, as the memory model sees it.
  var deviceViews: [DeviceView] {
    regions.enumerated().flatMap { index, region in region.namespaces.map { deviceView(index, $0) } }
  }

  private func deviceView(_ index: Int, _ namespace: SimNamespace) -> DeviceView {
    let claim = namespace.claim
    let kind: DeviceView.Kind =
      switch claim?.kind {
      case nil: .raw
      case .pfn: .fsdax
      case .btt: .sector
      case .dax: claim?.device == .devdax ? .devdax : .undrivenDAX
      }
    let all = Extent(offset: namespace.offset, length: namespace.size)
    let data = dataExtent(namespace)
    var bad = ExtentSet()
    for extent in media.badBlocks.unreadable(ofRegion: index) {
      guard let part = extent.intersection(data) else { continue }
      bad.insert(Extent(offset: part.offset - data.offset, length: part.length))
    }
    return DeviceView(
      DeviceID(region: index, namespace: namespace.id), kind, size: claim?.usable ?? namespace.size,
      alignment: claim?.align ?? 4096, hasNativePages: topology.regions[index].isE820,
      isAlive: namespace.isEnabled, isOnline: claim?.zone != nil, badBlocks: bad,
      isMediaClean: !media.badBlocks.overlaps(region: index, all))
  }
}
