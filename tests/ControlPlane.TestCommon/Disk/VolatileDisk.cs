namespace ControlPlane.TestCommon.Disk;

/// <summary>
/// A disk with a volatile write cache, as far as POSIX promises anything about it. A flush of a file makes its content durable, and a flush of
/// the folder its names. Of what was written after that, a power cut keeps any sectors in any of their versions, and any number of changes of
/// names, in order.
/// </summary>
/// <param name="ignoresFlushes">Whether it lies: flushes make nothing durable. The control of the test.</param>
public sealed class VolatileDisk(bool ignoresFlushes = false)
{
    private const int Sector = 512;

    private readonly Dictionary<string, CachedFile> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CachedFile> _durableNames = new(StringComparer.Ordinal);
    private readonly List<Action<Dictionary<string, CachedFile>>> _pendingNames = [];

    /// <summary>Does what a program did.</summary>
    public void Do(StoreOperation operation)
    {
        switch (operation.Kind)
        {
            case StoreOperationKind.Create:
                var created = new CachedFile();
                Change(names => names[operation.Path] = created);
                break;
            case StoreOperationKind.Rename:
                Change(names =>
                {
                    if (names.Remove(operation.Path, out var renamed))
                        names[operation.NewPath] = renamed;
                });
                break;
            case StoreOperationKind.Unlink:
                Change(names => names.Remove(operation.Path));
                break;
            case StoreOperationKind.SyncFolder when !ignoresFlushes:
                foreach (var change in _pendingNames)
                    change(_durableNames);
                _pendingNames.Clear();
                break;
            case StoreOperationKind.Sync when !ignoresFlushes:
                _names.GetValueOrDefault(operation.Path)?.Flush();
                break;
            case StoreOperationKind.Write or StoreOperationKind.Truncate:
                _names.GetValueOrDefault(operation.Path)?.Add(operation);
                break;
        }
    }

    /// <summary>Writes into a folder what a power cut at this moment leaves on the disk.</summary>
    public void Cut(Random random, string folder)
    {
        var names = new Dictionary<string, CachedFile>(_durableNames, StringComparer.Ordinal);
        foreach (var change in _pendingNames.Take(random.Next(_pendingNames.Count + 1)))
            change(names);
        // Disks differ: some write nearly at once, and others late.
        var chance = random.Next(4) switch { 0 => 0, 1 => 1, _ => random.NextDouble() };
        foreach (var (name, file) in names)
            File.WriteAllBytes(Path.Combine(folder, name), file.Cut(random, chance));
    }

    private void Change(Action<Dictionary<string, CachedFile>> change)
    {
        change(_names);
        _pendingNames.Add(change);
    }

    private sealed class CachedFile
    {
        private readonly List<StoreOperation> _pending = [];
        private byte[] _durable = [];
        private int _length;

        public void Add(StoreOperation operation) => _pending.Add(operation);

        public void Flush()
        {
            foreach (var operation in _pending)
                Apply(ref _durable, ref _length, operation, _ => true);
            _pending.Clear();
        }

        public byte[] Cut(Random random, double chance)
        {
            var (bytes, length) = (_durable.AsSpan(0, _length).ToArray(), _length);
            // Later versions of a sector overwrite earlier ones that were kept, or not: so any version can be the last.
            foreach (var operation in _pending)
                Apply(ref bytes, ref length, operation, _ => random.NextDouble() < chance);
            return bytes[..length];
        }

        private static void Apply(ref byte[] bytes, ref int length, StoreOperation operation, Func<int, bool> keeps)
        {
            if (operation.Kind == StoreOperationKind.Truncate)
            {
                if (!keeps(0))
                    return;
                Reserve(ref bytes, (int)operation.Offset);
                if (operation.Offset < length)
                    bytes.AsSpan((int)operation.Offset, length - (int)operation.Offset).Clear();
                length = (int)operation.Offset;
                return;
            }

            var data = operation.Data.Span;
            var (start, end) = ((int)operation.Offset, (int)operation.Offset + data.Length);
            for (var at = start; at < end;)
            {
                var next = Math.Min(end, ((at / Sector) + 1) * Sector);
                if (keeps(at / Sector))
                {
                    Reserve(ref bytes, next);
                    data[(at - start)..(next - start)].CopyTo(bytes.AsSpan(at));
                    length = Math.Max(length, next);
                }

                at = next;
            }
        }

        private static void Reserve(ref byte[] bytes, int length)
        {
            if (length > bytes.Length)
                Array.Resize(ref bytes, Math.Max(length, bytes.Length * 2));
        }
    }
}
