using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Storage;
using ControlPlane.TestCommon;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary><c>devmapd check-store</c>, <c>backup</c> and <c>restore</c>, as processes without privileges.</summary>
public sealed class CheckStoreTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("devmapd-check-").FullName;

    private string State => Path.Combine(_home, "state");

    private string FilePath => Path.Combine(State, SqliteStore.FileName);

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task WholeStore_IsToldAndNotChanged()
    {
        Fill();
        var before = await File.ReadAllBytesAsync(FilePath);

        var (code, output, _) = await CheckAsync();

        Assert.Equal(ExitCodes.Ok, code);
        Assert.Equal(
            [$"The store at {FilePath} is whole.", $"schema version {SqliteStore.SchemaVersion}", "revision 7", "programs 1", "devmap default: entries 2, attachments 1", "devmap vlans: entries 0, attachments 0"],
            output);
        Assert.Equal(before, await File.ReadAllBytesAsync(FilePath));
    }

    [Fact]
    public async Task BesideAWriter_TellsWhatIsCommitted()
    {
        using var writer = Fill(keepOpen: true)!;
        writer.Commit(new StoreBatch(8, [new StoreChange.DeleteProgram("p")]));

        var (code, output, _) = await CheckAsync();

        Assert.Equal(ExitCodes.Ok, code);
        Assert.Contains("revision 8", output);
        Assert.Contains("programs 0", output);
        writer.Commit(new StoreBatch(9, [])); // it was not locked out
    }

    [Fact]
    public async Task DamagedStore_IsRefusedAndLeftAsItIs()
    {
        Fill();
        var bytes = await File.ReadAllBytesAsync(FilePath);
        Array.Fill(bytes, (byte)0x5a, 4096, bytes.Length - 4096);
        await File.WriteAllBytesAsync(FilePath, bytes);

        var (code, output, error) = await CheckAsync();

        Assert.Equal(ExitCodes.IoError, code);
        Assert.Empty(output);
        Assert.Contains($"devmapd: The store at {FilePath} cannot be used: ", error, StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(FilePath));
    }

    [Fact]
    public async Task NoStore_IsRefusedAndNoneIsMade()
    {
        var (code, _, error) = await CheckAsync();

        Assert.Equal(ExitCodes.IoError, code);
        Assert.Contains($"There is no store at {FilePath}", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(State));
    }

    [Fact]
    public async Task Backup_BesideAWriter_ThenRestore_BringsItBack()
    {
        var copy = Path.Combine(_home, "copy.db");
        using (var writer = Fill(keepOpen: true)!)
        {
            var (code, output, _) = await RunAsync("backup", copy);
            Assert.Equal(ExitCodes.Ok, code);
            Assert.Equal($"The store is copied to {copy}.", output[0]);
            Assert.Contains("revision 7", output);
            writer.Commit(new StoreBatch(8, [new StoreChange.DeleteProgram("p")]));
        }

        var (again, _, exists) = await RunAsync("backup", copy);
        Assert.Equal(ExitCodes.CannotCreate, again);
        Assert.Contains($"{copy} exists already", exists, StringComparison.Ordinal);

        var (restored, told, _) = await RunAsync("restore", copy);
        Assert.Equal(ExitCodes.Ok, restored);
        Assert.Equal($"The store is restored from {copy}.", told[0]);
        Assert.Equal($"kept: the store before, as {Path.Combine(State, SqliteStore.ReplacedName)}", told[^1]);
        // Above all that anybody can have seen.
        Assert.InRange(SqliteStore.Inspect(State).State.Revision, 1_000_000, long.MaxValue);
        Assert.Equal(8, SqliteStore.InspectFile(Path.Combine(State, SqliteStore.ReplacedName)).State.Revision);
    }

    [Fact]
    public async Task Restore_BesideADaemon_IsRefused()
    {
        Fill();
        var copy = Path.Combine(_home, "copy.db");
        SqliteStore.Backup(State, copy);
        await using var daemon = DaemonProcess.Start(["--simulate"], _home);
        await daemon.WaitReadyAsync();

        var (code, _, error) = await RunAsync("restore", copy);

        Assert.Equal(ExitCodes.AlreadyRunning, code);
        Assert.Contains($"kill {daemon.Id}", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_FileIsNoStore_IsRefused()
    {
        var text = Path.Combine(_home, "text");
        await File.WriteAllTextAsync(text, "not a store");
        var (code, _, error) = await RunAsync("restore", text);
        Assert.Equal(ExitCodes.IoError, code);
        Assert.Contains($"The store at {text} cannot be used", error, StringComparison.Ordinal);
    }

    private SqliteStore? Fill(bool keepOpen = false)
    {
        var now = DateTimeOffset.UtcNow;
        var store = SqliteStore.Open(State);
        store.Commit(new StoreBatch(7,
        [
            new StoreChange.PutDevmap(new DevmapRecord("vlans", new DevmapSpec())), new StoreChange.PutDevmap(new DevmapRecord("default", new DevmapSpec())),
            new StoreChange.PutEntry(Entry(1)), new StoreChange.PutEntry(Entry(2)),
            new StoreChange.PutAttachment(new AttachmentRecord("default", "veth0", new AttachmentSpec(AttachMode.Native), 3, now, now)),
            new StoreChange.PutProgram(new EgressProgramRecord("p", new EgressProgramSpec(new EgressProgramConfig(EgressTemplate.Count)), 4, now, now)),
        ]));
        if (keepOpen)
            return store;
        store.Dispose();
        return null;

        EntryRecord Entry(uint key) =>
            new("default", EntryKey.OfNumber(key), new EntrySpec("veth1"), key, now, now);
    }

    private Task<(int Code, IReadOnlyList<string> Output, string Error)> CheckAsync() => RunAsync("check-store");

    private async Task<(int Code, IReadOnlyList<string> Output, string Error)> RunAsync(params string[] arguments)
    {
        await using var command = DaemonProcess.Start(
            arguments, _home, environment: null, "setpriv", "--bounding-set=-all", "--inh-caps=-all", "--");
        var code = await command.WaitExitAsync();
        return (code, command.Log, command.StandardError);
    }
}
