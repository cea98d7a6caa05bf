using ControlPlane.Cli.Output;
using ControlPlane.Cli.Running;
using Google.Protobuf;

namespace ControlPlane.Cli.Resources;

/// <summary>Which resources of a kind a command is for.</summary>
/// <param name="Devmap">The devmap; of no meaning for kinds that belong to none.</param>
internal sealed record Query(string Devmap)
{
    /// <summary>Only those with all of these labels, each <c>name=value</c>.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Only those of this owner; null for any.</summary>
    public string? Owner { get; init; }

    /// <summary>Only entries for this interface; null for any.</summary>
    public string? Interface { get; init; }

    /// <summary>Only entries in this state; null for any.</summary>
    public string? State { get; init; }
}

/// <summary>How a resource is written or deleted.</summary>
/// <param name="ExpectedRevision">The revision that it must have; null for any.</param>
/// <param name="Owner">The owner that the caller names; null for none.</param>
/// <param name="Force">Whether it may belong to another.</param>
internal sealed record WriteOptions(long? ExpectedRevision = null, string? Owner = null, bool Force = false);

/// <summary>A kind of resource: how it is named, shown, read and written.</summary>
/// <param name="name">The word for one, as commands take it.</param>
/// <param name="plural">The word for many, which is also that of the API.</param>
/// <param name="aliases">Other words for it.</param>
internal abstract class Kind(string name, string plural, params string[] aliases)
{
    /// <summary>The word for one.</summary>
    public string Name { get; } = name;

    /// <summary>The word for many.</summary>
    public string Plural { get; } = plural;

    /// <summary>Other words.</summary>
    public IReadOnlyList<string> Aliases { get; } = aliases;

    /// <summary>Whether it belongs to a devmap.</summary>
    public virtual bool IsOfDevmap => false;

    /// <summary>Whether there is only one of it, which needs no name.</summary>
    public virtual bool IsSingle => false;

    /// <summary>The columns of its table.</summary>
    public abstract IReadOnlyList<Column> Columns { get; }

    /// <summary>An empty spec, for kinds that are written as a spec; null for others.</summary>
    public virtual IMessage? NewSpec() => null;

    /// <summary>The spec of a resource, for kinds that are written as a spec.</summary>
    public static IMessage SpecOf(IMessage item) => (IMessage)item.Descriptor.FindFieldByName("spec").Accessor.GetValue(item);

    /// <summary>Lists resources.</summary>
    public abstract IAsyncEnumerable<IMessage> ListAsync(Call call, Query query);

    /// <summary>Returns one resource.</summary>
    public abstract Task<IMessage> GetAsync(Call call, string devmap, string name);

    /// <summary>Writes a resource.</summary>
    public virtual Task<IMessage> PutAsync(Call call, string devmap, string name, IMessage spec, WriteOptions options) => throw NotWritable("written");

    /// <summary>Deletes a resource.</summary>
    public virtual Task DeleteAsync(Call call, string devmap, string name, WriteOptions options) => throw NotWritable("deleted");

    /// <summary>Returns the name of a resource within its kind: a key, an interface, a name.</summary>
    public abstract string NameOf(IMessage item);

    /// <summary>Returns the name of a resource as the API has it, such as <c>devmaps/default/entries/veth1</c>.</summary>
    public virtual string ResourceOf(IMessage item) => $"{Plural}/{NameOf(item)}";

    private CommandFailedException NotWritable(string what) => CommandFailedException.Usage($"{Plural} cannot be {what}.");
}

/// <summary>A kind whose resources are messages of one type.</summary>
internal abstract class Kind<T>(string name, string plural, params string[] aliases) : Kind(name, plural, aliases)
    where T : IMessage
{
    /// <inheritdoc/>
    public sealed override string NameOf(IMessage item) => NameOf((T)item);

    /// <inheritdoc/>
    public sealed override string ResourceOf(IMessage item) => ResourceOf((T)item);

    /// <summary>Returns the name of a resource within its kind.</summary>
    protected abstract string NameOf(T item);

    /// <summary>Returns the name of a resource as the API has it.</summary>
    protected virtual string ResourceOf(T item) => $"{Plural}/{NameOf(item)}";

    /// <summary>Makes a stream of a list.</summary>
    protected static async IAsyncEnumerable<IMessage> Stream(Task<IReadOnlyList<T>> items)
    {
        foreach (var item in await items)
            yield return item;
    }
}
