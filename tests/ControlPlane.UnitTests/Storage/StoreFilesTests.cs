using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Storage;
using Microsoft.Data.Sqlite;

namespace ControlPlane.UnitTests.Storage;

/// <summary>Somebody removes, replaces or changes the files of a store that is open; copies are made and brought back.</summary>
public sealed class StoreFilesTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("devmapd-files-").FullName;

    private string Folder => Path.Combine(_home, "state");

    private string FilePath => Path.Combine(Folder, SqliteStore.FileName);

    private string LogPath => FilePath + "-wal";

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Theory]
    [InlineData("removed")]
    [InlineData("logRemoved")]
    [InlineData("replaced")]
    [InlineData("cut")]
    [InlineData("logCut")]
    [InlineData("folderMoved")]
    [InlineData("overwritten")]
    [InlineData("logOverwritten")]
    public void Commit_FilesAreNotThoseThatWereOpened_IsRefused(string damage)
    {
        using var store = SqliteStore.Open(Folder);
        store.Commit(Batch(1));
        Damage(damage);

        Assert.True(Assert.Throws<StoreException>(() => store.Commit(Batch(2))).FilesLost);
        Assert.True(Assert.Throws<StoreException>(store.Verify).FilesLost);
    }

    [Fact]
    public void Commit_FilesAreBack_Succeeds()
    {
        using (var store = SqliteStore.Open(Folder))
        {
            store.Commit(Batch(1));
            Directory.Move(Folder, Folder + ".away");
            Assert.Throws<StoreException>(() => store.Commit(Batch(2)));
            Directory.Move(Folder + ".away", Folder);

            store.Verify();
            store.Commit(Batch(3));
        }

        Assert.Equal([1u, 3u], SqliteStore.Inspect(Folder).State.Entries.Select(e => e.Key.Number));
    }

    [Fact]
    public void Commit_FilesWereTouchedAndHoldTheSame_Succeeds()
    {
        using var store = SqliteStore.Open(Folder);
        store.Commit(Batch(1));
        File.SetLastWriteTimeUtc(FilePath, DateTime.UtcNow.AddSeconds(5));
        File.SetLastWriteTimeUtc(LogPath, DateTime.UtcNow.AddSeconds(5));

        store.Commit(Batch(2));
    }

    [Fact]
    public void Commit_DamageIsMended_Succeeds()
    {
        using var store = SqliteStore.Open(Folder);
        store.Commit(Batch(1));
        var log = File.ReadAllBytes(LogPath);
        Damage("logOverwritten");
        Assert.Throws<StoreException>(() => store.Commit(Batch(2)));
        Overwrite(LogPath, log, DateTime.UtcNow.AddSeconds(9));

        store.Commit(Batch(3));
    }

    [Fact]
    public void Commit_AnotherProgramWroteAChange_IsRefused()
    {
        using var store = SqliteStore.Open(Folder);
        store.Commit(Batch(1));
        using (var other = new SqliteConnection($"Data Source={FilePath};Pooling=False"))
        {
            other.Open();
            using var command = other.CreateCommand();
            command.CommandText = "UPDATE meta SET revision = 7";
            command.ExecuteNonQuery();
        }

        Assert.Contains("Another program has written", Assert.Throws<StoreException>(() => store.Commit(Batch(2))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Backup_BesideAWriter_IsOneFileWithAllThatWasCommitted()
    {
        var copy = Path.Combine(_home, "copy.db");
        using var store = SqliteStore.Open(Folder);
        store.Commit(Batch(1));
        SqliteStore.Backup(Folder, copy);
        store.Commit(Batch(2));

        Assert.Equal([1u], SqliteStore.InspectFile(copy).State.Entries.Select(e => e.Key.Number));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy));
        Assert.Equal([copy], Directory.GetFiles(_home));
        Assert.Throws<IOException>(() => SqliteStore.Backup(Folder, copy));
    }

    [Fact]
    public void Restore_BringsTheBackupBack_AndKeepsTheStoreBefore()
    {
        var copy = Path.Combine(_home, "copy.db");
        using (var store = SqliteStore.Open(Folder))
        {
            store.Commit(Batch(1));
            SqliteStore.Backup(Folder, copy);
            store.Commit(Batch(2));
        }

        var kept = SqliteStore.Restore(Folder, copy);

        Assert.Equal([1u], SqliteStore.Inspect(Folder).State.Entries.Select(e => e.Key.Number));
        Assert.Equal([1u, 2u], SqliteStore.InspectFile(kept!).State.Entries.Select(e => e.Key.Number));
        using var reopened = SqliteStore.Open(Folder);
        reopened.Commit(Batch(3) with { Revision = reopened.Load().Revision + 1 });
        Assert.Equal([1u, 3u], reopened.Load().Entries.Select(e => e.Key.Number));
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("logCut")]
    [InlineData("removed")]
    public void Restore_OverADamagedStore_IsWhole(string damage)
    {
        var copy = Path.Combine(_home, "copy.db");
        var crashed = SqliteStore.Open(Folder);
        crashed.Commit(Batch(1));
        SqliteStore.Backup(Folder, copy);
        crashed.Commit(Batch(2));
        // As a crash leaves it: with its log.
        var (bytes, log) = (File.ReadAllBytes(FilePath), File.ReadAllBytes(LogPath));
        crashed.Dispose();
        File.WriteAllBytes(FilePath, bytes);
        File.WriteAllBytes(LogPath, log);
        Damage(damage);

        SqliteStore.Restore(Folder, copy);

        Assert.Equal([1u], SqliteStore.Inspect(Folder).State.Entries.Select(e => e.Key.Number));
    }

    [Fact]
    public void Restore_FileIsNoStore_ChangesNothing()
    {
        using (var store = SqliteStore.Open(Folder))
            store.Commit(Batch(1));
        var (text, before) = (Path.Combine(_home, "text"), File.ReadAllBytes(FilePath));
        File.WriteAllText(text, "this is not a database, but long enough to be looked at as if it were one");

        Assert.Throws<StoreException>(() => SqliteStore.Restore(Folder, text));

        Assert.Equal(before, File.ReadAllBytes(FilePath));
        Assert.Equal([FilePath], Directory.GetFiles(Folder));
    }

    private static StoreBatch Batch(uint key) => new(
        key, [new StoreChange.PutEntry(new EntryRecord("default", EntryKey.OfNumber(key), new EntrySpec("veth0"), key, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch))]);

    private void Damage(string kind)
    {
        switch (kind)
        {
            case "removed":
                File.Delete(FilePath);
                break;
            case "logRemoved":
                File.Delete(LogPath);
                break;
            case "replaced":
                File.Copy(FilePath, FilePath + ".copy");
                File.Move(FilePath + ".copy", FilePath, overwrite: true);
                break;
            case "cut":
                Cut(FilePath);
                break;
            case "logCut":
                Cut(LogPath);
                break;
            case "folderMoved":
                Directory.Move(Folder, Folder + ".away");
                Directory.CreateDirectory(Folder);
                break;
            case "overwritten":
                Overwrite(FilePath, Noise(8 * 4096), DateTime.UtcNow.AddSeconds(5));
                break;
            default:
                Overwrite(LogPath, Noise((int)new FileInfo(LogPath).Length), DateTime.UtcNow.AddSeconds(5));
                break;
        }
    }

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static void Cut(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(0);
    }

    private static void Overwrite(string path, byte[] bytes, DateTime time)
    {
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.Write(bytes);
        File.SetLastWriteTimeUtc(path, time);
    }
}
