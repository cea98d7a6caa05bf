
namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>The operation of a caller.</summary>
internal abstract record Operation
{
    private Operation()
    {
    }

    /// <summary>The resource it is about, as <c>small/1</c> or <c>p</c>: what a caller remembers the revision of.</summary>
    public abstract string Resource { get; }

    /// <summary>The precondition of a write.</summary>
    public Condition Condition { get; init; }

    public sealed record PutEntry(string Devmap, string Key, string Target, string? Program, int Label, bool AllowPending) : Operation
    {
        public override string Resource => EntryName(Devmap, Key);
    }

    /// <summary>Two entries of different devmaps, in an atomic batch without preconditions.</summary>
    public sealed record PutBoth(PutEntry First, PutEntry Second) : Operation
    {
        public override string Resource => "";
    }

    /// <summary>The whole table of a devmap: this entry alone, without a precondition.</summary>
    public sealed record PutTable(PutEntry Only) : Operation
    {
        public override string Resource => "";
    }

    public sealed record DeleteEntry(string Devmap, string Key) : Operation
    {
        public override string Resource => EntryName(Devmap, Key);
    }

    public sealed record GetEntry(string Devmap, string Key) : Operation
    {
        public override string Resource => EntryName(Devmap, Key);
    }

    public sealed record PutProgram(string Name, string Template) : Operation
    {
        public override string Resource => Name;
    }

    public sealed record DeleteProgram(string Name) : Operation
    {
        public override string Resource => Name;
    }

    public sealed record GetProgram(string Name) : Operation
    {
        public override string Resource => Name;
    }

    public sealed record SetEgressProgram(string Target, string? Program) : Operation
    {
        public override string Resource => $"interfaces/{Target}";
    }

    /// <summary>The host's doing, not the API's: an interface appears or disappears, unless it is so already.</summary>
    public sealed record SetLink(string Name, bool IsThere) : Operation
    {
        public override string Resource => Name;
    }

    /// <summary>Reads everything; asked when all others have ended.</summary>
    public sealed record ReadAll : Operation
    {
        public override string Resource => "";
    }

    /// <summary>One name for all forms of a key.</summary>
    private static string EntryName(string devmap, string key) =>
        $"{devmap}/{(devmap == SmallSetup.ByInterface.Name && SmallSetup.NameOfIndex.TryGetValue(key, out var name) ? name : key)}";
}

/// <summary>A precondition, before it is known which revision it names.</summary>
internal enum Condition
{
    None,
    MustNotExist,
    MustExist,

    /// <summary>The revision at which the caller has last seen the resource.</summary>
    AsSeen,
}
