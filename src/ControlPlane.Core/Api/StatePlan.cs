using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Api;

/// <summary>The resources of one kind that differ between a document and a snapshot.</summary>
/// <typeparam name="TItem">The item of the document.</typeparam>
internal sealed class KindPlan<TItem>(ChangedKind kind)
{
    /// <summary>The items that are new or differ, with the names of their resources.</summary>
    public List<(string Name, TItem Item, bool IsNew)> Puts { get; } = [];

    /// <summary>The names of the resources that the document does not have.</summary>
    public List<string> Deletions { get; } = [];

    /// <summary>How many resources go with a devmap.</summary>
    public int GoWithDevmap { get; set; }

    /// <summary>How many resources are as the document says.</summary>
    public int Unchanged { get; private set; }

    /// <summary>The changes in numbers.</summary>
    public KindCounts Counts => new(Puts.Count(p => p.IsNew), Puts.Count(p => !p.IsNew), Deletions.Count + GoWithDevmap, Unchanged);

    /// <summary>The changes for a plan.</summary>
    public IEnumerable<StateChange> Changes =>
        Puts.Select(p => new StateChange(p.Name, kind, p.IsNew ? PlannedAction.Create : PlannedAction.Change))
            .Concat(Deletions.Select(d => new StateChange(d, kind, PlannedAction.Delete)));

    /// <summary>Adds an item of the document.</summary>
    /// <param name="name">The name of the resource.</param>
    /// <param name="item">The item.</param>
    /// <param name="now">The spec that the resource has; null if it does not exist.</param>
    /// <param name="spec">The spec of the item.</param>
    public void Add<TSpec>(string name, TItem item, TSpec? now, TSpec spec)
        where TSpec : class
    {
        if (spec.Equals(now))
            Unchanged++;
        else
            Puts.Add((name, item, now is null));
    }
}

/// <summary>
/// The difference between a document and a snapshot, and all that is wrong with the document by itself. Whether the kernel and the other entries allow
/// a change is known when it happens.
/// </summary>
internal sealed class StatePlan
{
    // The default of the most deletions: ten resources, or one in twenty.
    private const int FewDeletions = 10, PartOfAll = 20;

    private readonly Snapshot _snapshot;
    private readonly InterfaceTable _interfaces;
    private readonly DevmapLimits _limits;
    private readonly Violations _violations;
    private readonly List<(string Path, Error Error)> _errors = [];
    private readonly Dictionary<string, DevmapRecord> _desired = new(StringComparer.Ordinal);

    private StatePlan(Snapshot snapshot, InterfaceTable interfaces, DevmapLimits limits, Violations violations) =>
        (_snapshot, _interfaces, _limits, _violations) = (snapshot, interfaces, limits, violations);

    /// <summary>The devmaps.</summary>
    public KindPlan<DesiredDevmap> Devmaps { get; } = new(ChangedKind.Devmap);

    /// <summary>The egress programs.</summary>
    public KindPlan<DesiredProgram> Programs { get; } = new(ChangedKind.Program);

    /// <summary>The leases.</summary>
    public KindPlan<DesiredLease> Leases { get; } = new(ChangedKind.Lease);

    /// <summary>The attachments.</summary>
    public KindPlan<DesiredAttachment> Attachments { get; } = new(ChangedKind.Attachment);

    /// <summary>The entries.</summary>
    public KindPlan<StateEntry> Entries { get; } = new(ChangedKind.Entry);

    /// <summary>The entries of each devmap that must change, and how many of the present ones go.</summary>
    public Dictionary<string, (List<DesiredEntry> Table, int Deletions, bool Differs)> Tables { get; } = new(StringComparer.Ordinal);

    /// <summary>The attachments that go, by devmap and interface.</summary>
    public List<(string Devmap, string Interface)> Detached { get; } = [];

    /// <summary>The changes in the order in which they happen, as far as resources of a kind are together.</summary>
    public IEnumerable<StateChange> Changes => Devmaps.Changes.Concat(Programs.Changes).Concat(Leases.Changes).Concat(Entries.Changes).Concat(Attachments.Changes);

    /// <summary>Returns the difference.</summary>
    /// <exception cref="ControlPlaneException">The document is not valid. The error names all that is wrong.</exception>
    public static StatePlan Of(StateDocument document, Snapshot snapshot, InterfaceTable interfaces, DevmapLimits limits, Violations violations)
    {
        var plan = new StatePlan(snapshot, interfaces, limits, violations);
        plan.AddDevmaps(document.Devmaps);
        plan.AddPrograms(document.Programs);
        plan.AddLeases(document.Leases);
        plan.AddEntries(document.Entries);
        plan.AddAttachments(document.Attachments);
        violations.ThrowIfAny();
        return plan._errors.Count == 0 ? plan : throw new ControlPlaneException(RequestErrors.OfItems(plan._errors));
    }

    /// <summary>Returns why the call needs an option: it would delete very much. Null if it needs none.</summary>
    public Error? FindProtection(int? allowDeletions)
    {
        KindCounts[] all = [Devmaps.Counts, Programs.Counts, Leases.Counts, Attachments.Counts, Entries.Counts];
        var (deleted, present) = (all.Sum(c => c.Deleted), all.Sum(c => c.Deleted + c.Changed + c.Unchanged));
        var most = allowDeletions ?? Math.Max(FewDeletions, present / PartOfAll);
        return deleted > most ? ChangeErrors.TooManyDeletions(deleted, most, present) : null;
    }

    private void AddDevmaps(IEnumerable<DesiredDevmap> devmaps)
    {
        foreach (var (i, devmap) in devmaps.Index())
        {
            var (path, name, found) = (At("devmaps", i), devmap.Name ?? "", new Violations());
            var spec = devmap.Spec ?? new DevmapSpec();
            spec = spec with { Owner = EntryService.NullIfEmpty(spec.Owner) };
            spec.Validate(_limits, found);
            if (!Accept(path, "name", DevmapName.IsValid(name) ? null : DevmapName.Rule, found, _desired.ContainsKey(name)))
                continue;
            var now = _snapshot.Devmaps.GetValueOrDefault(name)?.Definition;
            _desired.Add(name, new DevmapRecord(name, spec));
            Devmaps.Add($"devmaps/{name}", devmap with { Spec = spec }, now?.Spec, spec);
            if (now is null || now.Spec == spec)
                continue;
            if (now.DeclaredIn == DeclaredIn.Configuration)
                _errors.Add((path, DevmapErrors.ReadOnly(name)));
            else if (now.Spec.FixedMembersThatDiffer(spec) is { Count: > 0 } members)
                _errors.Add((path, DevmapErrors.Fixed(name, members)));
        }

        foreach (var devmap in _snapshot.Devmaps.Values.Where(d => !_desired.ContainsKey(d.Id.Name)))
        {
            if (devmap.Definition.DeclaredIn == DeclaredIn.Configuration)
            {
                // It stays, and has what the document has in it: nothing.
                _desired.Add(devmap.Id.Name, devmap.Definition);
                Devmaps.Add($"devmaps/{devmap.Id.Name}", new(devmap.Id.Name, null, devmap.Definition.Spec), devmap.Definition.Spec, devmap.Definition.Spec);
                continue;
            }

            Devmaps.Deletions.Add($"devmaps/{devmap.Id.Name}");
            Entries.GoWithDevmap += devmap.Entries.Count;
            Attachments.GoWithDevmap += devmap.Attachments.Count;
        }
    }

    private void AddPrograms(IEnumerable<DesiredProgram> programs)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, program) in programs.Index())
        {
            var (path, name, found) = (At("programs", i), program.Name ?? "", new Violations());
            if (program.Spec?.Template is null)
                found.Add("template", "is required");
            else
                program.Spec.Template.Parameters.Check(program.Spec.Parameters ?? EgressProgramParameters.Empty, found);
            if (program.Spec is not null)
                LabelRules.Validate(program.Spec.Labels, program.Spec.Owner, found);
            if (!Accept(path, "name", ProgramName.IsValid(name) ? null : ProgramName.Rule, found, !named.Add(name)))
                continue;
            var spec = program.Spec! with
            {
                Parameters = program.Spec.Parameters is { IsEmpty: true } ? null : program.Spec.Parameters, Owner = EntryService.NullIfEmpty(program.Spec.Owner),
            };
            Programs.Add($"programs/{name}", program with { Spec = spec }, _snapshot.Programs.GetValueOrDefault(name)?.Record.Spec, spec);
        }

        Programs.Deletions.AddRange(_snapshot.Programs.Keys.Where(n => !named.Contains(n)).Select(n => $"programs/{n}"));
    }

    private void AddLeases(IEnumerable<DesiredLease> leases)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, lease) in leases.Index())
        {
            var (path, name, found) = (At("leases", i), lease.Name ?? "", new Violations());
            if (lease.Spec is null || !LifeTime.IsValid(lease.Spec.Ttl))
                found.Add("ttl", LifeTime.Rule);
            if (lease.Spec is not null)
                LabelRules.Validate(lease.Spec.Labels, lease.Spec.Owner, found);
            if (!Accept(path, "name", LeaseName.IsValid(name) ? null : LeaseName.Rule, found, !named.Add(name)))
                continue;
            var spec = lease.Spec! with { Owner = EntryService.NullIfEmpty(lease.Spec.Owner) };
            Leases.Add($"leases/{name}", lease with { Spec = spec }, _snapshot.Leases.GetValueOrDefault(name)?.Record.Spec, spec);
        }

        Leases.Deletions.AddRange(_snapshot.Leases.Keys.Where(n => !named.Contains(n)).Select(n => $"leases/{n}"));
    }

    private void AddEntries(IEnumerable<StateEntry> entries)
    {
        var named = new HashSet<(string Devmap, EntryKey Key)>();
        foreach (var name in _desired.Keys)
            Tables.Add(name, ([], 0, false));
        foreach (var (i, entry) in entries.Index())
        {
            if (Read(At("entries", i), entry, named) is not var (devmap, key, spec))
                continue;
            var state = StayingState(devmap.Name);
            var now = state?.Find(key, _interfaces);
            if (now is not null)
                named.Add((devmap.Name, now.Record.Key));
            var before = Entries.Unchanged;
            Entries.Add($"devmaps/{devmap.Name}/entries/{devmap.Spec.KeySelector.Format(key)}", entry, now?.Record.Spec, spec);
            var (table, deletions, differs) = Tables[devmap.Name];
            table.Add(new DesiredEntry(entry.Key, spec, null));
            Tables[devmap.Name] = (table, deletions, differs || Entries.Unchanged == before);
        }

        foreach (var state in _desired.Keys.Select(StayingState).OfType<DevmapState>())
        {
            List<string> gone = [.. state.Entries.All().Where(e => !named.Contains((state.Id.Name, e.Record.Key))).Select(e => $"devmaps/{state.Id.Name}/entries/{state.Id.Selector.Format(e.Record.Key)}")];
            if (gone.Count == 0)
                continue;
            Entries.Deletions.AddRange(gone);
            Tables[state.Id.Name] = (Tables[state.Id.Name].Table, gone.Count, true);
        }
    }

    private (DevmapRecord Devmap, EntryKey Key, EntrySpec Spec)? Read(string path, StateEntry entry, HashSet<(string Devmap, EntryKey Key)> named)
    {
        if (!_desired.TryGetValue(entry.Devmap ?? "", out var devmap))
        {
            _violations.Add($"{path}.devmap", "must be one of the devmaps of the document, or of the configuration");
            return null;
        }

        var (spec, found) = (EntryService.WithoutEmpty(entry.Spec ?? new EntrySpec("")), new Violations());
        EntryService.Validate(spec, devmap, found);
        var fault = "must be given";
        EntryKey? key = string.IsNullOrEmpty(entry.Key) ? null : devmap.Spec.KeySelector.Parse(entry.Key, out fault);
        return Accept(path, "key", fault, found, key is { } known && !named.Add((devmap.Name, known))) ? (devmap, key!.Value, spec) : null;
    }

    private void AddAttachments(IEnumerable<DesiredAttachment> attachments)
    {
        var (named, kept) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<(string Devmap, string Interface)>());
        foreach (var (i, attachment) in attachments.Index())
        {
            var (path, found) = (At("attachments", i), new Violations());
            var (devmap, name, spec) = (attachment.Devmap ?? "", attachment.Interface ?? "", attachment.Spec ?? new AttachmentSpec(AttachMode.Auto));
            if (!_desired.ContainsKey(devmap))
                _violations.Add($"{path}.devmap", "must be one of the devmaps of the document, or of the configuration");
            LabelRules.Validate(spec.Labels, spec.Owner, found);
            LeaseName.Validate(spec.Lease, found);
            if (!Accept(path, "interface", InterfaceName.IsValid(name) ? null : InterfaceName.Rule, found, !named.Add(name)) || !_desired.ContainsKey(devmap))
                continue;
            spec = spec with { Owner = EntryService.NullIfEmpty(spec.Owner), Lease = EntryService.NullIfEmpty(spec.Lease) };
            var now = StayingState(devmap)?.FindAttachment(name, _interfaces);
            kept.Add((devmap, now?.Record.Interface ?? name));
            Attachments.Add($"devmaps/{devmap}/attachments/{name}", new DesiredAttachment(devmap, name, spec), now?.Record.Spec, spec);
        }

        foreach (var state in _desired.Keys.Select(StayingState).OfType<DevmapState>())
            Detached.AddRange(state.Attachments.Keys.Where(n => !kept.Contains((state.Id.Name, n))).Select(n => (state.Id.Name, n)));
        Attachments.Deletions.AddRange(Detached.Select(d => $"devmaps/{d.Devmap}/attachments/{d.Interface}"));
    }

    private DevmapState? StayingState(string name) => _snapshot.Devmaps.GetValueOrDefault(name);

    // Collects what is wrong with an item, under its place in the document.
    private bool Accept(string path, string identity, string? wrong, Violations found, bool isRepeated)
    {
        if (wrong is not null)
            _violations.Add($"{path}.{identity}", wrong);
        else if (isRepeated)
            _violations.Add($"{path}.{identity}", "is in the document twice");
        foreach (var (field, message) in found.Found)
            _violations.Add($"{path}.spec.{field}", message);
        return wrong is null && !isRepeated && found.Found.Count == 0;
    }

    private static string At(string list, int item) => string.Create(CultureInfo.InvariantCulture, $"{list}[{item}]");
}
