import PmemDevice
import PmemModel

/// The kernel of a simulated machine: libnvdimm and the memory model, and the effects of each on the other.
///
/// Neither knows the other: libnvdimm asks ``NamespaceUsers`` before it takes a namespace away, the memory model knows
/// devices as ``DeviceView`` only.
final class SimKernel {
  let nvdimm: NvdimmModel
  /// The memory model as it was used last; ``model`` is the way to use it.
  private(set) var storedModel: MemoryModel
  var view = SimView()
  /// ``NvdimmModel/changes`` and the bad blocks when the memory model last saw the devices; nil if it never did.
  private var seen: (changes: Int, badBlocks: SimBadBlocks)?
  /// Tasks that were blocked and continued since this was emptied, with their results.
  var wokenTasks: [WokenTask] = []

  /// Boots.
  init(booting topology: SimTopology, media: SimMedia) throws {
    nvdimm = try NvdimmModel(booting: topology, media: media)
    storedModel = MemoryModel(rules: topology.profile.rules)
    nvdimm.users = self
  }

  /// Continues from a saved state.
  init(
    resuming state: NvdimmState, _ memory: MemoryState, _ view: SimView, topology: SimTopology,
    media: SimMedia
  ) throws {
    nvdimm = try NvdimmModel(resuming: state, topology: topology, media: media)
    storedModel = MemoryModel(rules: topology.profile.rules)
    storedModel.state = memory
    self.view = view
    nvdimm.users = self
  }

  var topology: SimTopology { nvdimm.topology }
  var media: SimMedia { nvdimm.media }

  /// At most how many bytes describe this kernel's memory after one more change. A line is at most a kibibyte.
  var longestMemory: Int { (nvdimm.mostLines + storedModel.state.lines + view.lines.count + 16) * 1024 }

  /// Restores both to an earlier state, between which no medium was written to.
  func restore(_ cxl: CxlModel, _ regions: [SimRegion], _ model: MemoryModel) {
    nvdimm.adopt(cxl)
    nvdimm.regions = regions
    storedModel = model
    // The earlier model has seen its regions; bad blocks are the same.
    seen = (nvdimm.changes, media.badBlocks)
    wokenTasks = []
  }

  /// Disables rules of the memory model.
  func disable(rules: Set<ModelRule>) { storedModel.disabledRules = rules }

  // MARK: From libnvdimm to the memory model

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

  private func synchronizeDevices() {
    guard seen.map({ $0.changes != nvdimm.changes || $0.badBlocks != media.badBlocks }) ?? true else {
      return
    }
    storedModel.replaceDevices(nvdimm.deviceViews)
    seen = (nvdimm.changes, media.badBlocks)
  }

  // MARK: From the memory model to libnvdimm

  /// Applies an action to the memory model, and its effects to the namespaces.
  func apply(_ action: Action) -> Observations {
    let observed = model.apply(action)
    adopt(observed)
    return observed
  }

  private func adopt(_ observations: Observations) {
    wokenTasks += observations.wokenTasks
    for device in observations.unboundDevices { nvdimm.unbind(device.region, device.namespace) }
  }
}

extension SimKernel: NamespaceUsers {
  func checkNotHeld(_ region: Int, _ id: Int?) throws {
    for namespace in nvdimm.regions[region].namespaces where id == nil || namespace.id == id {
      try model.checkNotHeld(.device(DeviceID(region: region, namespace: namespace.id)))
    }
  }

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
