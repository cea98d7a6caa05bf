using ControlPlane.Core.Ports;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Storage;

/// <summary>Registers the store.</summary>
public static class StorageServices
{
    /// <summary>Adds the SQLite store of this directory. It is opened when it is first asked for.</summary>
    public static IServiceCollection AddSqliteStore(this IServiceCollection services, string stateDirectory, HistoryOptions? history = null) =>
        services.AddSingleton<IStore>(_ => SqliteStore.Open(stateDirectory, history));

    /// <summary>Adds a store that forgets with the process.</summary>
    public static IServiceCollection AddMemoryStore(this IServiceCollection services, HistoryOptions? history = null) =>
        services.AddSingleton<IStore>(_ => new MemoryStore(history));
}
