using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Api;

/// <summary>
/// Adds what is wrong in meaning to a request that is not valid anyway, so that the caller learns all of it at once. An invalid request does
/// not reach the writer, so the snapshot answers; the writer judges valid requests itself, by the same errors of the catalogue.
/// </summary>
internal sealed class MeaningCheck(Snapshot snapshot, IKernel kernel, Violations violations)
{
    private readonly InterfaceTable _interfaces = violations.Found.Count == 0 ? InterfaceTable.Empty : kernel.Interfaces.Refresh();

    /// <summary>Judges a write of an entry.</summary>
    /// <param name="devmap">The devmap; null if it does not exist.</param>
    /// <param name="key">The key; null if it is not valid.</param>
    /// <param name="spec">The desired state.</param>
    /// <param name="allowPending">Whether interfaces may be missing.</param>
    public void OfEntry(DevmapState? devmap, EntryKey? key, EntrySpec spec, bool allowPending)
    {
        if (violations.Found.Count == 0)
            return;
        OfInterface(spec.Interface, allowPending);
        OfProgram(spec.EgressProgram);
        OfLease(spec.Lease);
        if (!string.IsNullOrEmpty(spec.Interface) && ResolvedTarget.Of(spec, _interfaces) is { Conflicts: true })
            Add(EntryErrors.TagActionForVlan(spec.Interface));
        if (devmap is null || key is not { } asked)
            return;
        var kernelKey = asked.InterfaceName is { } name ? _interfaces.Find(name)?.Ifindex : asked.Number;
        if (kernelKey is null && !allowPending)
            Add(InterfaceErrors.Missing("key", asked.InterfaceName!, pendingPossible: true));
        // A number names the entry that has this kernel key; only a name can meet the entry of another identity.
        if (asked.InterfaceName is not null && kernelKey is { } taken && devmap.Entries.Find(taken) is { } holder && holder.Record.Key.InterfaceName is null)
            Add(EntryErrors.KeyConflict(Text(devmap, asked), taken, devmap.Definition.Name, Text(devmap, holder.Record.Key), holder.Record.Spec.Owner));
    }

    /// <summary>Judges a write of an attachment.</summary>
    public void OfAttachment(string devmap, string interfaceName, string? lease, bool allowPending)
    {
        if (violations.Found.Count == 0)
            return;
        OfInterface(interfaceName, allowPending);
        OfLease(lease);
        if (interfaceName == InterfaceName.Loopback)
            Add(InterfaceErrors.Loopback(interfaceName));
        foreach (var other in snapshot.Devmaps.Values)
        {
            if (other.Definition.Name != devmap && other.FindAttachment(interfaceName, _interfaces) is { } held)
                Add(AttachmentErrors.HeldByOtherDevmap(interfaceName, other.Definition.Name, held.Record.Spec.Owner));
        }
    }

    /// <summary>Judges the name of an egress program; null or empty for none.</summary>
    public void OfProgram(string? program)
    {
        if (violations.Found.Count > 0 && !string.IsNullOrEmpty(program) && !snapshot.Programs.ContainsKey(program))
            Add(ProgramErrors.Missing(program));
    }

    private void OfLease(string? lease)
    {
        if (!string.IsNullOrEmpty(lease) && !snapshot.Leases.ContainsKey(lease))
            Add(LeaseErrors.Missing(lease));
    }

    private void OfInterface(string name, bool mayBeMissing)
    {
        if (string.IsNullOrEmpty(name))
            return;
        if (_interfaces.Find(name) is not { } found)
        {
            if (!mayBeMissing)
                Add(InterfaceErrors.Missing("interface", name, pendingPossible: true));
        }
        else if (!found.CarriesEthernet)
        {
            Add(InterfaceErrors.NoEthernet("interface", found.Name, found.Kind));
        }
    }

    // A field that is not valid has no meaning to judge.
    private void Add(Error error)
    {
        foreach (var (field, message) in error.Fields)
        {
            if (!violations.Has(field))
                violations.Add(field, message);
        }
    }

    private static string Text(DevmapState devmap, EntryKey key) => devmap.Definition.Spec.KeySelector.Format(key);
}
