using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Storage;

/// <summary>The contents of a store, to which changes are applied in their order.</summary>
internal sealed class StoreContents
{
    private readonly Dictionary<string, DevmapRecord> _devmaps = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Devmap, EntryKey Key), EntryRecord> _entries = [];
    private readonly Dictionary<(string Devmap, string Interface), SwapRecord> _swaps = [];
    private readonly Dictionary<(string Devmap, string Interface), AttachmentRecord> _attachments = [];
    private readonly Dictionary<string, EgressProgramRecord> _programs = new(StringComparer.Ordinal);
    private readonly Dictionary<uint, StoredPromiscuity> _promiscuous = [];
    private readonly Dictionary<string, TokenRecord> _tokens = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LeaseRecord> _leases = new(StringComparer.Ordinal);
    private readonly Dictionary<CallId, KeyedCall> _calls = [];
    private readonly Dictionary<(CallId Id, int Item), CallPart> _callParts = [];

    /// <summary>Nothing.</summary>
    public StoreContents()
    {
    }

    /// <summary>These contents.</summary>
    /// <param name="state">The contents, the entries without the swaps.</param>
    /// <param name="swaps">The swaps.</param>
    public StoreContents(StoredState state, IEnumerable<SwapRecord> swaps)
    {
        _devmaps = state.Devmaps.ToDictionary(d => d.Name, StringComparer.Ordinal);
        _entries = state.Entries.ToDictionary(e => (e.Devmap, e.Key));
        _swaps = swaps.ToDictionary(s => (s.Devmap, s.Interface));
        _attachments = state.Attachments.ToDictionary(a => (a.Devmap, a.Interface));
        _programs = state.Programs.ToDictionary(p => p.Name, StringComparer.Ordinal);
        _promiscuous = state.Promiscuous.ToDictionary(p => p.Ifindex);
        _tokens = state.Tokens.ToDictionary(t => t.Name, StringComparer.Ordinal);
        _leases = state.Leases.ToDictionary(l => l.Name, StringComparer.Ordinal);
        _calls = state.Calls.ToDictionary(c => c.Id);
        _callParts = state.CallParts.ToDictionary(p => (p.Id, p.Item));
    }

    /// <summary>Returns the contents as they are now.</summary>
    public StoredState ToState(long revision) => new(
        revision, [.. _devmaps.Values], [.. _entries.Values.Select(Desired)], [.. _attachments.Values], [.. _programs.Values], [.. _promiscuous.Values], [.. _tokens.Values])
    {
        Leases = [.. _leases.Values],
        Calls = [.. _calls.Values.OrderBy(c => c.Time)],
        CallParts = [.. _callParts.Values],
    };

    /// <summary>Applies a change.</summary>
    public void Apply(StoreChange change)
    {
        switch (change)
        {
            case StoreChange.PutDevmap(var devmap):
                if (change.Before is null)
                    RemoveDevmap(devmap.Name);
                _devmaps[devmap.Name] = devmap;
                break;
            case StoreChange.DeleteDevmap(var deleted):
                RemoveDevmap(deleted);
                break;
            case StoreChange.PutEntry(var entry):
                _entries[(entry.Devmap, entry.Key)] = entry;
                break;
            case StoreChange.DeleteEntry(var devmap, var key):
                _entries.Remove((devmap, key));
                break;
            case StoreChange.PutSwap(var swap):
                _swaps[(swap.Devmap, swap.Interface)] = swap;
                break;
            case StoreChange.PutAttachment(var attachment):
                _attachments[(attachment.Devmap, attachment.Interface)] = attachment;
                break;
            case StoreChange.DeleteAttachment(var devmap, var name):
                _attachments.Remove((devmap, name));
                break;
            case StoreChange.PutProgram(var program):
                _programs[program.Name] = program;
                break;
            case StoreChange.DeleteProgram(var name):
                _programs.Remove(name);
                break;
            case StoreChange.PutPromiscuity(var promiscuity):
                _promiscuous[promiscuity.Ifindex] = promiscuity;
                break;
            case StoreChange.DeletePromiscuity(var ifindex):
                _promiscuous.Remove(ifindex);
                break;
            case StoreChange.PutToken(var token):
                _tokens[token.Name] = token;
                break;
            case StoreChange.DeleteToken(var name):
                _tokens.Remove(name);
                break;
            case StoreChange.PutLease(var lease):
                _leases[lease.Name] = lease;
                break;
            case StoreChange.DeleteLease(var name):
                _leases.Remove(name);
                break;
            case StoreChange.PutCall(var call):
                _calls[call.Id] = call;
                RemoveParts(call.Id);
                break;
            case StoreChange.DeleteCall(var id):
                _calls.Remove(id);
                RemoveParts(id);
                break;
            case StoreChange.PutCallPart(var part):
                _callParts[(part.Id, part.Item)] = part;
                break;
            case StoreChange.DeleteCallPart(var id, var item):
                _callParts.Remove((id, item));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(change), change, "not a change this store knows");
        }
    }

    private EntryRecord Desired(EntryRecord entry) =>
        _swaps.GetValueOrDefault((entry.Devmap, entry.Spec.Interface)) is { } swap && swap.Covers(entry) ? swap.Apply(entry) : entry;

    private void RemoveDevmap(string name)
    {
        _devmaps.Remove(name);
        RemoveAll(_entries, name, k => k.Devmap);
        RemoveAll(_swaps, name, k => k.Devmap);
        RemoveAll(_attachments, name, k => k.Devmap);
    }

    private static void RemoveAll<TKey, TValue>(Dictionary<TKey, TValue> of, string devmap, Func<TKey, string> devmapOf)
        where TKey : notnull
    {
        foreach (var key in of.Keys.Where(k => devmapOf(k) == devmap).ToList())
            of.Remove(key);
    }

    private void RemoveParts(CallId call)
    {
        foreach (var part in _callParts.Keys.Where(p => p.Id == call).ToList())
            _callParts.Remove(part);
    }
}
