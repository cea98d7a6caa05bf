using System.Buffers.Binary;
using System.Text;

namespace ControlPlane.TestCommon.Disk;

/// <summary>The kinds of operations in the log of <see cref="StoreShim"/>; the values are those of <c>store_shim.c</c>.</summary>
public enum StoreOperationKind
{
    Write = 1,
    Truncate,
    Sync,
    SyncFolder,
    Rename,
    Unlink,
    Create,
}

/// <summary>One operation on a file of the store.</summary>
/// <param name="Kind">The operation.</param>
/// <param name="Path">The file, below the state directory.</param>
/// <param name="Offset">The place of a write; the new length of a truncation.</param>
/// <param name="Data">The bytes of a write; the new name of a rename.</param>
/// <param name="End">The length of the log after it.</param>
public sealed record StoreOperation(StoreOperationKind Kind, string Path, long Offset, ReadOnlyMemory<byte> Data, long End)
{
    private const int HeaderBytes = 15;

    /// <summary>The new name of a rename.</summary>
    public string NewPath => Encoding.UTF8.GetString(Data.Span);

    /// <summary>Reads a log.</summary>
    public static IReadOnlyList<StoreOperation> ReadAll(ReadOnlyMemory<byte> log)
    {
        var operations = new List<StoreOperation>();
        for (var at = 0; at < log.Length;)
        {
            var header = log.Span.Slice(at, HeaderBytes);
            var (path, data) = (BinaryPrimitives.ReadUInt16LittleEndian(header[1..]), (int)BinaryPrimitives.ReadUInt32LittleEndian(header[3..]));
            var end = at + HeaderBytes + path + data;
            operations.Add(new StoreOperation(
                (StoreOperationKind)header[0],
                Encoding.UTF8.GetString(log.Span.Slice(at + HeaderBytes, path)),
                BinaryPrimitives.ReadInt64LittleEndian(header[7..]),
                log.Slice(at + HeaderBytes + path, data),
                end));
            at = end;
        }

        return operations;
    }
}
