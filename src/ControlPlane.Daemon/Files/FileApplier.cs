using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Daemon.Files;

/// <summary>A file is refused; nothing of it is applied.</summary>
internal sealed class FileRefusedException(string message) : Exception(message);

/// <summary>Makes what a file owns what the file says. Everything is planned first; with a validation error nothing is written.</summary>
internal sealed class FileApplier(ControlPlaneState state, TableService tables, AttachmentService attachments, ProgramService programs, ILogger<FileApplier> logger)
{
    private const int MostLogged = 20;

    /// <summary>The owners of what files have written before.</summary>
    public IReadOnlyList<string> Owners()
    {
        var snapshot = state.Current;
        return
        [
            .. snapshot.Devmaps.Values
                .SelectMany(d => d.Entries.All().Select(e => e.Record.Spec.Owner).Concat(d.Attachments.Values.Select(a => a.Record.Spec.Owner)))
                .Concat(snapshot.Programs.Values.Select(p => p.Record.Spec.Owner))
                .OfType<string>()
                .Where(owner => owner.StartsWith(FileTable.OwnerPrefix, StringComparison.Ordinal))
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Applies a file.</summary>
    /// <exception cref="FileRefusedException">The file is refused; nothing of it was applied.</exception>
    /// <exception cref="ControlPlaneException">A request of the file was refused. Nothing of it was applied, unless the kernel or the store refused it.</exception>
    public async Task ApplyAsync(FileTable file, CancellationToken cancellation)
    {
        var plan = await PlanAsync(file, cancellation);
        if (plan.Count > 0)
            FilesLog.Planned(logger, file.Owner, string.Join("; ", plan.Take(MostLogged)) + (plan.Count > MostLogged ? $"; and {plan.Count - MostLogged} more" : ""));

        foreach (var (name, spec) in file.Programs)
            await programs.PutAsync(name, spec, Request(file, cancellation));
        foreach (var devmap in state.Current.Devmaps.Keys)
            await tables.ReplaceAsync(devmap, new DesiredEntries(file.Entries.GetValueOrDefault(devmap) ?? []), Options(file, isDry: false), Request(file, cancellation));
        foreach (var ((devmap, name), spec) in file.Attachments)
            await attachments.PutAsync(devmap, name, spec, allowPending: true, Request(file, cancellation));
        foreach (var (devmap, name) in AttachmentsToDelete(file))
            await attachments.DeleteAsync(devmap, name, file.Owner, force: false, Request(file, cancellation));
        foreach (var name in ProgramsToDelete(file))
            await programs.DeleteAsync(name, file.Owner, force: false, Request(file, cancellation));
    }

    private async Task<List<string>> PlanAsync(FileTable file, CancellationToken cancellation)
    {
        var (plan, snapshot) = (new List<string>(), state.Current);
        foreach (var devmap in file.Entries.Keys.Concat(file.Attachments.Keys.Select(a => a.Devmap)))
            snapshot.Devmap(devmap);
        foreach (var (name, spec) in file.Programs)
        {
            var there = snapshot.Programs.GetValueOrDefault(name)?.Record.Spec;
            RequireOwn(there is not null, there?.Owner, file, $"programs/{name}");
            if (!Equals(there, spec))
                plan.Add($"{(there is null ? "create" : "change")} programs/{name}");
        }

        foreach (var ((devmap, name), spec) in file.Attachments)
        {
            var there = snapshot.Devmap(devmap).Attachments.GetValueOrDefault(name)?.Record.Spec;
            RequireOwn(there is not null, there?.Owner, file, $"devmaps/{devmap}/attachments/{name}");
            if (!Equals(there, spec))
                plan.Add($"{(there is null ? "create" : "change")} devmaps/{devmap}/attachments/{name}");
        }

        foreach (var devmap in snapshot.Devmaps.Keys)
        {
            // Programs of the file do not exist yet: whether entries can carry them is known when they do.
            var entries = (file.Entries.GetValueOrDefault(devmap) ?? [])
                .Select(e => e.Spec.EgressProgram is { } program && file.Programs.ContainsKey(program) && !snapshot.Programs.ContainsKey(program)
                    ? e with { Spec = e.Spec with { EgressProgram = null } } : e);
            var outcome = await tables.ReplaceAsync(devmap, new DesiredEntries([.. entries]), Options(file, isDry: true), Request(file, cancellation));
            if (outcome.Error is { } error)
                throw new FileRefusedException($"{error.Code}: {error.Detail}");
            plan.AddRange(outcome.Plan.Select(c => $"{c.Action.ToString().ToLowerInvariant()} devmaps/{devmap}/entries/{c.Key}{(c.Spec is { } spec ? $" -> {spec.Interface} ({c.State})" : "")}"));
        }

        plan.AddRange(AttachmentsToDelete(file).Select(a => $"delete devmaps/{a.Devmap}/attachments/{a.Interface}"));
        plan.AddRange(ProgramsToDelete(file).Select(name => $"delete programs/{name}"));
        return plan;
    }

    private List<(string Devmap, string Interface)> AttachmentsToDelete(FileTable file) =>
    [
        .. state.Current.Devmaps.Values.SelectMany(d => d.Attachments.Values)
            .Where(a => a.Record.Spec.Owner == file.Owner && !file.Attachments.ContainsKey((a.Record.Devmap, a.Record.Interface)))
            .Select(a => (a.Record.Devmap, a.Record.Interface)),
    ];

    private List<string> ProgramsToDelete(FileTable file) =>
        [.. state.Current.Programs.Values.Select(p => p.Record).Where(p => p.Spec.Owner == file.Owner && !file.Programs.ContainsKey(p.Name)).Select(p => p.Name)];

    private static void RequireOwn(bool exists, string? owner, FileTable file, string resource)
    {
        if (exists && owner != file.Owner)
            throw new FileRefusedException($"{resource} exists and has {(owner is null ? "no owner" : $"the owner '{owner}'")}: a file does not take it over");
    }

    // Interfaces may come later than the daemon.
    private static ReplaceOptions Options(FileTable file, bool isDry) => new(Owner: file.Owner, AllowPending: true, DryRun: isDry);

    // The history then says which file it was.
    private static RequestContext Request(FileTable file, CancellationToken cancellation) => RequestContext.OfDaemon(cancellation) with { RequestId = file.Owner };
}
