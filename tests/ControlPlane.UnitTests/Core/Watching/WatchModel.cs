using ControlPlane.Core.Watching;

namespace ControlPlane.UnitTests.Core.Watching;

/// <summary>The knowledge of a client that sees a devmap by a stream alone. It complains of anything the stream must not do.</summary>
internal sealed class WatchModel
{
    private readonly Dictionary<string, long> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _attachments = new(StringComparer.Ordinal);
    private readonly HashSet<string> _inSnapshot = new(StringComparer.Ordinal);
    private long _last;
    private long _newestInSnapshot;

    /// <summary>Key and revision of each entry and attachment.</summary>
    public IEnumerable<(string Resource, long Revision)> Resources =>
        _entries.Select(e => ($"entries/{e.Key}", e.Value)).Concat(_attachments.Select(a => ($"attachments/{a.Key}", a.Value))).Order();

    /// <summary>The revision of <c>synced</c>; null before it.</summary>
    public long? SyncedAt { get; private set; }

    /// <summary>Every change that came, in order: its revision and what it was.</summary>
    public List<(long Revision, string What)> Changes { get; } = [];

    public void Take(WatchEvent told)
    {
        if (told is WatchEvent.Synced)
        {
            Assert.Null(SyncedAt);
            Assert.True(told.Revision >= _last && told.Revision >= _newestInSnapshot);
            SyncedAt = _last = told.Revision!.Value;
            return;
        }

        if (told.Revision is not { } revision)
        {
            Assert.Null(SyncedAt);
            TakeSnapshot(told);
            return;
        }

        if (told is WatchEvent.StatusChanged or WatchEvent.Bookmark)
        {
            Assert.True(revision >= _last, $"{told} after {_last}");
            _last = revision;
            return;
        }

        Assert.True(revision > _last, $"{told} after {_last}");
        _last = revision;
        Change(told, revision);
    }

    private void TakeSnapshot(WatchEvent told)
    {
        var (resource, revision) = told switch
        {
            WatchEvent.EntryPut put => ($"entries/{put.Entry.Key}", put.Entry.Revision!.Value),
            WatchEvent.AttachmentPut put => ($"attachments/{put.Attachment.Interface}", put.Attachment.Revision),
            _ => throw new InvalidOperationException($"{told} in a snapshot"),
        };
        Assert.True(_inSnapshot.Add(resource), $"{resource} twice in a snapshot");
        _newestInSnapshot = Math.Max(_newestInSnapshot, revision);
        Put(told, revision);
    }

    private void Change(WatchEvent told, long revision)
    {
        switch (told)
        {
            case WatchEvent.EntryPut put:
                Assert.Equal(revision, put.Entry.Revision!.Value);
                Changes.Add((revision, $"put {put.Entry.Key} to {put.Entry.Spec!.Interface}"));
                break;
            case WatchEvent.AttachmentPut put:
                Assert.Equal(revision, put.Attachment.Revision);
                Changes.Add((revision, $"attach {put.Attachment.Interface} {put.Attachment.Spec.Mode}"));
                break;
            case WatchEvent.EntryDeleted deleted:
                _entries.Remove(deleted.Key);
                Changes.Add((revision, $"delete {deleted.Key}"));
                return;
            case WatchEvent.AttachmentDeleted deleted:
                _attachments.Remove(deleted.Interface);
                Changes.Add((revision, $"detach {deleted.Interface}"));
                return;
        }

        Put(told, revision);
    }

    private void Put(WatchEvent told, long revision)
    {
        if (told is WatchEvent.EntryPut entry)
            _entries[entry.Entry.Key] = revision;
        else if (told is WatchEvent.AttachmentPut attachment)
            _attachments[attachment.Attachment.Interface] = revision;
    }
}
