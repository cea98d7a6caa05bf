using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.UnitTests.Core;

/// <summary>Stands between core and kernel: holds the writer at its next update, or refuses it.</summary>
public sealed class KernelGate : IDisposable
{
    private readonly ManualResetEventSlim _open = new(true);
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lookups;

    /// <summary>The first update after <see cref="Close"/> is being held.</summary>
    public Task Reached => _reached.Task;

    public Exception? Refusal { get; set; }

    /// <summary>Asked before every change of maps and programs: what refuses it, or null.</summary>
    public Func<KernelException?>? Fault { get; set; }

    /// <summary>The only update that is refused, counted from 1; all when null.</summary>
    public int? RefusedUpdate { get; set; }

    public int Updates { get; private set; }

    /// <summary>How often readers and the writer have looked an element up.</summary>
    public long Lookups => Volatile.Read(ref _lookups);

    /// <summary>The counts of actions that every devmap gives in the place of its own; its own if null.</summary>
    public IReadOnlyList<ActionCount>? ActionCounts { get; set; }

    /// <summary>Called before each update, with its number from 1.</summary>
    public Action<int>? Updating { get; set; }

    public void Dispose() => _open.Dispose();

    public void Close() => _open.Reset();

    public void Open() => _open.Set();

    public IKernel Wrap(IKernel kernel) => new GatedKernel(this, kernel);

    private void BeforeUpdate()
    {
        Updates++;
        Updating?.Invoke(Updates);
        if (!_open.IsSet)
            _reached.TrySetResult();
        if (!_open.Wait(TimeSpan.FromSeconds(30)))
            throw new TimeoutException("the test did not open the gate");
        if (Refusal is not null && (RefusedUpdate ?? Updates) == Updates)
            throw Refusal;
        BeforeChange();
    }

    private void BeforeChange()
    {
        if (Fault?.Invoke() is { } fault)
            throw fault;
    }

    private sealed class GatedKernel(KernelGate gate, IKernel inner) : IKernel
    {
        public HostFacts Host => inner.Host;

        public IInterfaces Interfaces => inner.Interfaces;

        public IDropCounters Drops => inner.Drops;

        public IActionDryRun Actions => inner.Actions;

        public IPassPrograms PassPrograms { get; } = new GatedPassPrograms(gate, inner.PassPrograms);

        public IEgressPrograms Programs { get; } = new GatedPrograms(gate, inner.Programs);

        public IDevmap OpenDevmap(WriterScope scope, DevmapRecord definition, long committed) => new GatedDevmap(gate, inner.OpenDevmap(scope, definition, committed));

        public IDevmap ChangeDevmap(WriterScope scope, IDevmap devmap, DevmapRecord definition)
        {
            gate.BeforeChange();
            return new GatedDevmap(gate, inner.ChangeDevmap(scope, ((GatedDevmap)devmap).Inner, definition));
        }

        public bool RemoveDevmap(WriterScope scope, string devmap)
        {
            gate.BeforeChange();
            return inner.RemoveDevmap(scope, devmap);
        }

        public IReadOnlyList<DevmapRecord> FindDevmaps(WriterScope scope) => inner.FindDevmaps(scope);

        public void Dispose() => inner.Dispose();
    }

    private sealed class GatedPassPrograms(KernelGate gate, IPassPrograms inner) : IPassPrograms
    {
        public IReadOnlyList<PassProgram> Attached => inner.Attached;

        public PassProgram? Find(string interfaceName) => inner.Find(interfaceName);

        public IReadOnlyList<PassProgram> Adopt(WriterScope scope) => inner.Adopt(scope);

        public PassProgram Attach(WriterScope scope, InterfaceInfo device)
        {
            gate.BeforeChange();
            return inner.Attach(scope, device);
        }

        public bool Detach(WriterScope scope, string interfaceName)
        {
            gate.BeforeChange();
            return inner.Detach(scope, interfaceName);
        }
    }

    private sealed class GatedPrograms(KernelGate gate, IEgressPrograms inner) : IEgressPrograms
    {
        public IReadOnlyList<LoadedProgram> Adopt(WriterScope scope) => inner.Adopt(scope);

        public LoadedProgram Load(WriterScope scope, string name, EgressProgramConfig spec)
        {
            gate.BeforeChange();
            return inner.Load(scope, name, spec);
        }

        public bool Unload(WriterScope scope, string name)
        {
            gate.BeforeChange();
            return inner.Unload(scope, name);
        }

        public EntryCounters ReadCounters(string name) => inner.ReadCounters(name);

        public EgressVerdict DryRun(EgressProgramConfig spec, ReadOnlyMemory<byte> frame) => inner.DryRun(spec, frame);
    }

    private sealed class GatedDevmap(KernelGate gate, IDevmap inner) : IDevmap
    {
        public IDevmap Inner => inner;

        public DevmapRecord Definition => inner.Definition;

        public bool Adopted => inner.Adopted;

        public uint MapId => inner.MapId;

        public uint RedirectProgramId => inner.RedirectProgramId;

        public IReadOnlyList<uint> ProgramIds => inner.ProgramIds;

        public IReadOnlyList<DevmapLink> Links => inner.Links;

        public DevmapLink? FindLink(string interfaceName) => inner.FindLink(interfaceName);

        public void Update(WriterScope scope, uint key, uint ifindex, string? egressProgram, bool? replaces, EntryActions? actions)
        {
            gate.BeforeUpdate();
            inner.Update(scope, key, ifindex, egressProgram, replaces, actions);
        }

        public bool Delete(WriterScope scope, uint key)
        {
            gate.BeforeChange();
            return inner.Delete(scope, key);
        }

        public InterruptedSwitch? Interrupted => inner.Interrupted;

        public void EndInterrupted(WriterScope scope) => inner.EndInterrupted(scope);

        public ICandidate? Candidate => inner.Candidate is { } candidate ? new GatedCandidate(gate, candidate) : null;

        public ICandidate BeginCandidate(WriterScope scope, DevmapRecord definition, int entries) =>
            new GatedCandidate(gate, inner.BeginCandidate(scope, definition, entries));

        public DevmapLink Attach(WriterScope scope, InterfaceInfo ingress, AttachMode mode)
        {
            gate.BeforeChange();
            return inner.Attach(scope, ingress, mode);
        }

        public bool Detach(WriterScope scope, string interfaceName)
        {
            gate.BeforeChange();
            return inner.Detach(scope, interfaceName);
        }

        public IRehearsal PrepareRehearsal() => inner.PrepareRehearsal();

        public bool TryLookup(uint key, out KernelEntry entry)
        {
            Interlocked.Increment(ref gate._lookups);
            return inner.TryLookup(key, out entry);
        }

        public bool TryGetNextKey(uint? after, out uint next) => inner.TryGetNextKey(after, out next);

        public EntryCounters ReadCounters(uint key) => inner.ReadCounters(key);

        public uint ReadActiveMapId() => inner.ReadActiveMapId();

        public bool IsActive() => inner.IsActive();

        public bool IsCounted(uint key) => inner.IsCounted(key);

        public EntryTableUse? ReadTableUse() => inner.ReadTableUse();

        public void Count(WriterScope scope, uint key)
        {
            gate.BeforeChange();
            inner.Count(scope, key);
        }

        public void Activate(WriterScope scope) => inner.Activate(scope);

        public DevmapCounters? ReadTotals() => inner.ReadTotals();

        public EntryActions? ReadActions(uint key) => inner.ReadActions(key);

        public IReadOnlyList<ActionCount> ReadActionCounts() => gate.ActionCounts ?? inner.ReadActionCounts();

        public PeerUse ReadPeerUse(uint key) => inner.ReadPeerUse(key);

        public IReadOnlyList<MissedKeyCount> ReadMissedKeys() => inner.ReadMissedKeys();

        public void Dispose() => inner.Dispose();
    }

    private sealed class GatedCandidate(KernelGate gate, ICandidate inner) : ICandidate
    {
        public ISwitchGuard? Guard => inner.Guard;

        public ISwitchGuard PrepareGuard(WriterScope scope, long since, bool watches)
        {
            gate.BeforeChange();
            return inner.PrepareGuard(scope, since, watches);
        }

        public Task Made => inner.Made;

        public uint MapId => inner.MapId;

        public bool IsSwitched => inner.IsSwitched;

        public void Update(WriterScope scope, uint key, uint ifindex, string? egressProgram, bool? replaces, EntryActions? actions)
        {
            gate.BeforeUpdate();
            inner.Update(scope, key, ifindex, egressProgram, replaces, actions);
        }

        public bool Delete(WriterScope scope, uint key)
        {
            gate.BeforeChange();
            return inner.Delete(scope, key);
        }

        public bool TryLookup(uint key, out KernelEntry entry) => inner.TryLookup(key, out entry);

        public EntryActions? ReadActions(uint key) => inner.ReadActions(key);

        public void Complete(WriterScope scope, long revision) => inner.Complete(scope, revision);

        public void Switch(WriterScope scope)
        {
            gate.BeforeChange();
            inner.Switch(scope);
        }

        public void Release(WriterScope scope) => inner.Release(scope);
    }
}
