using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Daemon.Options;
using ControlPlane.TableFiles;
using Microsoft.Extensions.Options;

namespace ControlPlane.Daemon.Files;

/// <summary>Applies the files of a folder before requests are served, and again at each reload.</summary>
internal sealed class TableFiles(IOptions<ControlPlaneOptions> options, FileApplier applier, TimeProvider clock, ILogger<TableFiles> logger) : IOpeningWork, IHostConditions, IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private volatile Condition? _condition;

    /// <inheritdoc/>
    public IReadOnlyList<Condition> Read() => _condition is { } condition ? [condition] : [];

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken cancellation)
    {
        if (options.Value.TablesDirectory is not { Length: > 0 } folder)
            return;
        await _one.WaitAsync(cancellation);
        try
        {
            var next = Judge(folder, await ApplyAsync(folder, cancellation));
            _condition = _condition is { } before && before.Status == next.Status ? next with { LastTransitionTime = before.LastTransitionTime } : next;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<List<string>> ApplyAsync(string folder, CancellationToken cancellation)
    {
        var errors = new List<string>();
        string[] files;
        try
        {
            files = Directory.Exists(folder)
                ? [.. Directory.EnumerateFiles(folder).Where(f => Path.GetExtension(f) is ".yaml" or ".yml" or ".json").Order(StringComparer.Ordinal)]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [e.Message];
        }

        foreach (var twice in files.GroupBy(FileTable.OwnerOf).Where(g => g.Count() > 1))
            errors.Add($"{string.Join(" and ", twice.Select(Path.GetFileName))} have the same owner, {twice.Key}");
        var tables = files.GroupBy(FileTable.OwnerOf).Where(g => g.Count() == 1).Select(g => (Func<FileTable>)(() => FileTable.Read(g.Single())));
        // Files that were removed go first: others may take over what they had.
        var removed = applier.Owners().Except(files.Select(FileTable.OwnerOf)).Select(owner => (Func<FileTable>)(() => new FileTable(owner)));
        foreach (var read in removed.Concat(tables).ToList())
        {
            try
            {
                await TryAsync(read(), errors, cancellation);
            }
            catch (TableFileException e)
            {
                errors.AddRange(e.Errors);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                errors.Add(e.Message);
            }
        }

        errors.ForEach(error => FilesLog.NotApplied(logger, error));
        return errors;
    }

    private async Task TryAsync(FileTable table, List<string> errors, CancellationToken cancellation)
    {
        try
        {
            await applier.ApplyAsync(table, cancellation);
        }
        catch (FileRefusedException e)
        {
            errors.Add($"{table.Owner}: {e.Message}");
        }
        catch (ControlPlaneException e)
        {
            var fields = string.Concat(e.Error.Fields.Select(f => $"; {f.Field} {f.Message}"));
            errors.Add($"{table.Owner}: {e.Error.Detail}{fields}");
        }
    }

    private Condition Judge(string folder, List<string> errors)
    {
        var condition = errors.Count == 0
            ? ConditionTypes.FilesApplied.True("Applied", $"The files in {folder} are applied.")
            : ConditionTypes.FilesApplied.False("FileRefused", $"Nothing of some files is applied: {string.Join("; ", errors)}", CommonRemedies.CorrectFiles(folder));
        return condition with { LastTransitionTime = clock.GetUtcNow() };
    }
}

/// <summary>Registers the files.</summary>
internal static class TableFilesSetup
{
    /// <summary>Adds the files of the folder that the options name.</summary>
    public static IServiceCollection AddTableFiles(this IServiceCollection services) => services
        .AddSingleton<FileApplier>()
        .AddSingleton<TableFiles>()
        .AddSingleton<IOpeningWork>(p => p.GetRequiredService<TableFiles>())
        .AddSingleton<IHostConditions>(p => p.GetRequiredService<TableFiles>());
}
