using ControlPlane.TestCommon.Disk;

namespace ControlPlane.EndToEndTests.PowerCuts;

/// <summary>The writes of one client to one resource, one after another, with what was answered and when.</summary>
/// <param name="resource">The resource.</param>
/// <param name="shim">The log of the store, whose length is the time.</param>
internal sealed class WriteHistory(string resource, StoreShim shim)
{
    private readonly List<Write> _writes = [];

    /// <summary>The resource.</summary>
    public string Resource { get; } = resource;

    /// <summary>The number of writes that were answered with success.</summary>
    public int Acknowledged => _writes.Count(w => w.Acknowledged is not null);

    /// <summary>The number of the next write. Its value carries it.</summary>
    public int Next => _writes.Count;

    /// <summary>Sends a write.</summary>
    /// <param name="value">The value that it leaves; null for a deletion.</param>
    /// <param name="send">Sends it; false if it was not answered, or not with success.</param>
    public async Task<bool> WriteAsync(string? value, Func<Task<bool>> send)
    {
        var write = new Write(value);
        _writes.Add(write);
        if (!await send())
            return false;
        write.Acknowledged = shim.LogLength;
        return true;
    }

    /// <summary>Returns what the resource may be after a cut: as the last write that was answered before it left it, or as a later one did.</summary>
    /// <param name="cut">The length of the log at the cut.</param>
    public IReadOnlyList<string?> Allowed(long cut)
    {
        var last = _writes.FindLastIndex(w => w.Acknowledged <= cut);
        return [.. last < 0 ? [null] : Array.Empty<string?>(), .. _writes.Skip(Math.Max(last, 0)).Select(w => w.Value)];
    }

    private sealed class Write(string? value)
    {
        public string? Value { get; } = value;

        public long? Acknowledged { get; set; }
    }
}
