using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>
/// The difference between resources as they were and as they stand: entries over all devmaps, attachments and egress programs. Interfaces may
/// be missing: one of that time need not exist now.
/// </summary>
internal sealed class StateDifference
{
    private readonly PlanContext _context;
    private readonly Caller _caller;
    private readonly Refusals _refusals = new();
    private readonly List<string> _changedSince = [];
    private readonly long? _expected;

    private StateDifference(PlanContext context, Caller caller, long? expected) => (_context, _caller, _expected) = (context, caller, expected);

    /// <summary>The writes of entries that change something.</summary>
    public List<ResolvedWrite> Entries { get; } = [];

    /// <summary>The writes, as they are judged together.</summary>
    public EntryWrites Together { get; } = new();

    /// <summary>The egress programs that change; without a spec if they go.</summary>
    public List<(string Name, PlacedProgram? Before, EgressProgramSpec? Spec)> Programs { get; } = [];

    /// <summary>The attachments that change; without a spec if they go.</summary>
    public List<(WorkingDevmap Devmap, string Interface, PlacedAttachment? Before, AttachmentSpec? Spec)> Attachments { get; } = [];

    /// <summary>How many resources are as they were.</summary>
    public int Unchanged { get; private set; }

    /// <summary>Returns the difference.</summary>
    /// <param name="context">The state, the interfaces and the kernel.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="reversal">The resources as they were.</param>
    /// <param name="expected">The revision that the resources must have unless they are as they were; null for any.</param>
    /// <exception cref="ControlPlaneException">The resources have changed since, or cannot be as they were. The error names all of them.</exception>
    public static StateDifference Of(PlanContext context, Caller caller, Reversal reversal, long? expected)
    {
        var difference = new StateDifference(context, caller, expected);
        difference.AddPrograms(reversal);
        difference.AddAttachments(reversal);
        difference.AddEntries(reversal);
        if (difference._changedSince.Count > 0)
            throw new ControlPlaneException(ChangeErrors.ChangedSince(expected!.Value, difference._changedSince));
        difference.Judge();
        difference._refusals.ThrowIfAny();
        return difference;
    }

    private void AddPrograms(Reversal reversal)
    {
        foreach (var (name, former) in reversal.Programs)
        {
            var before = _context.State.Programs.GetValueOrDefault(name);
            if (before?.Record.Spec == former.Spec)
            {
                Unchanged++;
                continue;
            }

            Expect(former, $"programs/{name}", before?.Record.Revision);
            Programs.Add((name, before, former.Spec));
            if (former.Spec is not null)
                Together.Programs.Add(name);
        }
    }

    private void AddAttachments(Reversal reversal)
    {
        foreach (var ((id, name), former) in reversal.Attachments)
        {
            var devmap = _context.Devmap(id);
            var before = _context.FindAttachment(devmap, name);
            if (before?.Record.Spec == former.Spec)
            {
                Unchanged++;
                continue;
            }

            Expect(former, $"devmaps/{id.Name}/attachments/{name}", before?.Record.Revision);
            Attachments.Add((devmap, before?.Record.Interface ?? _context.Canonical(name), before, former.Spec));
        }
    }

    private void AddEntries(Reversal reversal)
    {
        foreach (var (id, former) in reversal.Entries)
        {
            var devmap = _context.Devmap(id.Devmap);
            var before = _context.Find(devmap, id.Key);
            if (before?.Record.Spec == former.Spec)
            {
                Unchanged++;
                continue;
            }

            var write = ResolvedWrite.Of(_context, _caller, new EntryWrite(id.Devmap, id.Key, former.Spec, AllowPending: true, default));
            Expect(former, write.Name, before?.Record.Revision);
            // Two keys can be names of one interface now.
            if (write.Repeats || !Together.Add(write))
                Unchanged++;
            else
                Entries.Add(write);
        }
    }

    private void Expect<T>(Former<T> former, string name, long? now)
        where T : class
    {
        if (_expected is { } revision && former.HasChangedSince(revision, now))
            _changedSince.Add(name);
    }

    private void Judge()
    {
        foreach (var write in Entries)
            write.Judge(_context, _refusals, Together);
        foreach (var (name, before, spec) in Programs)
            JudgeProgram(name, before, spec);
        foreach (var (devmap, name, _, spec) in Attachments)
        {
            if (spec is not null)
                JudgeAttachment(devmap, name, spec);
        }
    }

    // A program that entries carry cannot go, and its frames must find the same program.
    private void JudgeProgram(string name, PlacedProgram? before, EgressProgramSpec? spec)
    {
        if (before is null || before.Record.Spec.Config == spec?.Config)
            return;
        var left = _context.State.Targets.UseOf(name) - Entries.Count(w => w.Before?.Record.Spec.EgressProgram == name) + Entries.Count(w => w.Spec?.EgressProgram == name);
        if (left > 0)
            _refusals.Add(ProgramErrors.InUse(name, left, _context.State.Targets.DevmapWith(name), spec is null ? "deleted" : "changed"));
    }

    private void JudgeAttachment(WorkingDevmap devmap, string name, AttachmentSpec spec)
    {
        if (!_context.HasLease(spec.Lease))
            _refusals.Add(LeaseErrors.Missing(spec.Lease!));
        if (spec.Mode == AttachMode.Tcx && !_context.HasTcx)
            _refusals.Add(AttachmentErrors.NoTcx(spec.ToWrite(devmap.Id.Name, name)));
        if (_context.Interfaces.Find(name) is { CarriesEthernet: false } bare)
            _refusals.Add(InterfaceErrors.NoEthernet("interface", bare.Name, bare.Kind));
        foreach (var other in _context.State.Devmaps)
        {
            if (other.Id != devmap.Id && _context.FindAttachment(other, name) is { } holder
                && !Attachments.Exists(a => a.Devmap.Id == other.Id && a.Interface == holder.Record.Interface && a.Spec is null))
                _refusals.Add(AttachmentErrors.HeldByOtherDevmap(name, other.Id.Name));
        }
    }
}
