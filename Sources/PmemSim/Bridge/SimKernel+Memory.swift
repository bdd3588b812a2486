import PmemDevice
import PmemModel

/// Connects libnvdimm and the memory model: a teardown in the one affects the other.
extension SimKernel {
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
    for extent in media.badBlocks.extents(ofRegion: index) {
      guard let part = extent.intersection(data) else { continue }
      bad.insert(Extent(offset: part.offset - data.offset, length: part.length))
    }
    return DeviceView(
      DeviceID(region: index, namespace: namespace.id), kind, size: claim?.usable ?? namespace.size,
      alignment: claim?.align ?? 4096, hasNativePages: topology.regions[index].isE820,
      isAlive: namespace.isEnabled, isOnline: claim?.zone != nil, badBlocks: bad,
      isMediaClean: !media.badBlocks.overlaps(region: index, all))
  }

  /// The memory model, with the present devices. Its changes of devices are applied to the namespaces.
  var model: MemoryModel {
    _read {
      synchronizeDevices()
      yield storedModel
    }
    _modify {
      synchronizeDevices()
      defer { adopt(storedModel.takeObservations()) }
      yield &storedModel
    }
  }

  /// Does an action in the memory model, and on the namespaces what comes of it.
  func apply(_ action: Action) -> Observations {
    let observed = model.apply(action)
    adopt(observed)
    return observed
  }

  private func synchronizeDevices() {
    guard areDevicesStale || seenBadBlocks != media.badBlocks else { return }
    storedModel.replaceDevices(deviceViews)
    areDevicesStale = false
    seenBadBlocks = media.badBlocks
  }

  private func adopt(_ observations: Observations) {
    wokenTasks += observations.wokenTasks
    for device in observations.unboundDevices {
      guard let index = try? namespaceIndex(device.region, device.namespace) else { continue }
      regions[device.region].namespaces[index].isEnabled = false
      regions[device.region].namespaces[index].claim = nil
    }
  }

  // MARK: Effects of libnvdimm on the memory model

  /// Refuses to take away what is held exclusively, as an exclusive open would find.
  func checkNotHeld(_ region: Int, _ id: Int?) throws {
    for namespace in regions[region].namespaces where id == nil || namespace.id == id {
      try model.checkNotHeld(.device(DeviceID(region: region, namespace: namespace.id)))
    }
  }

  /// A device goes away, or all of a region.
  func revoke(_ region: Int, _ id: Int?) {
    model.tearDown { $0.region == region && (id == nil || $0.namespace == id) }
    // A process that had the device open holds a dead one now, even after another is created.
    view.holders.removeAll { $0.device.region == region && (id == nil || $0.device.namespace == id) }
    // The next one gets a node unless its name exists (drivers/base/devtmpfs.c:handle_create). A node that was renamed
    // stays, and has the number of the next one (dev_mynode).
    for index in view.nodes.indices where view.nodes[index].kind == .renamed {
      let device = view.nodes[index].device
      if device.region == region && (id == nil || device.namespace == id) { view.nodes[index].kind = .second }
    }
  }
}
